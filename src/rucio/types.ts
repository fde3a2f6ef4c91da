/** What Rucio tells of a DID, in its own words. */

export interface Did {
  scope: string;
  name: string;
}

export type DidType = 'FILE' | 'DATASET' | 'CONTAINER';

export interface Replica {
  rse: string;
  /** As Rucio gave it; `davs://` is kept here and read as `https://`. */
  pfn: string;
  scheme: string;
  /** 1 first. */
  priority: number;
  /** AVAILABLE, UNAVAILABLE, COPYING, BAD, ... */
  state: string;
  /** DISK or TAPE. */
  type: string;
}

export interface RucioFile extends Did {
  bytes: number | null;
  /** 8 lowercase hex digits. */
  adler32: string | null;
  /** 32 lowercase hex digits. */
  md5: string | null;
  /** Sorted by priority. Empty: no replica that can be read now. */
  replicas: Replica[];
  /** JSON and fixed metadata of the file, nulls and the system's own columns left out. */
  metadata: Record<string, unknown>;
}

/** A DID with everything below it. */
export interface ResolvedDid extends Did {
  type: DidType;
  /** Of the DID itself. For a file, the same as files[0].metadata. */
  metadata: Record<string, unknown>;
  account: string | null;
  open: boolean | null;
  /** Direct parents. */
  parents: (Did & { type: DidType })[];
  /** Every file below, once, sorted by scope and name. */
  files: RucioFile[];
}
