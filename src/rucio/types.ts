/** What Rucio tells of a DID, in its own words. */

export interface Did {
  scope: string;
  name: string;
}

export type DidType = 'FILE' | 'DATASET' | 'CONTAINER';

export interface Replica {
  rse: string;
  /** As Rucio gave it, less its signature; `davs://` is kept here and read as `https://`. */
  pfn: string;
  /** The same address with Rucio's permission to read it for a while, where its RSE has `sign_url`. Never to be kept, nor told. */
  signed?: string;
  scheme: string;
  /** 1 first. */
  priority: number;
  /** AVAILABLE, UNAVAILABLE, COPYING, BAD, ... */
  state: string;
  /** DISK or TAPE. */
  type: string;
}

/** What the list of a dataset tells of a file. */
export interface ListedFile extends Did {
  bytes: number | null;
  /** 8 lowercase hex digits. */
  adler32: string | null;
  /** 32 lowercase hex digits. Known here only of a file that was asked for by itself. */
  md5: string | null;
}

export interface RucioFile extends ListedFile {
  /** Sorted by priority. Empty: no replica that can be read now. */
  replicas: Replica[];
  /** JSON and fixed metadata of the file, nulls and the system's own columns left out. */
  metadata: Record<string, unknown>;
}

/** A DID with the list of everything below it. */
export interface DidContents extends Did {
  type: DidType;
  /** Of the DID itself. For a file, the same as files[0].metadata. */
  metadata: Record<string, unknown>;
  account: string | null;
  open: boolean | null;
  /** Direct parents. */
  parents: (Did & { type: DidType })[];
  /** Every file below, once, sorted by scope and name. */
  files: ListedFile[];
}

/** A DID with everything below it, and all that is known of each. */
export interface ResolvedDid extends DidContents {
  files: RucioFile[];
}
