/** Where COGs go and how clients reach them. Two stores: S3, and the embedded asset folder. */

export interface PutObject {
  /** Path below the store's root, `/`-separated, already safe. */
  key: string;
  /** Local file to store. */
  path: string;
  bytes: number;
  sha256: string;
  contentType: string;
  signal?: AbortSignal;
  onProgress?: (bytes: number) => void;
}

export interface StoredObject {
  key: string;
  bytes: number;
}

export interface StoredRanges {
  /** The object's key, for messages. */
  name: string;
  size: number;
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface AssetStore {
  /** Public address of a key; the embedded store answers with `OWN_PREFIX`-addresses that the server rewrites. */
  hrefOf(key: string): string;
  /** True when an object with this size and sha256 is there already. */
  has(key: string, bytes: number, sha256: string): Promise<boolean>;
  put(object: PutObject): Promise<void>;
  /**
   * Keys that begin with a text, in pages, and how many bytes each holds.
   * @throws UserError
   */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject[]>;
  /** Writes an object to a local file. @throws UserError when it is not there, or the file cannot be written */
  fetch(object: { key: string; path: string; signal?: AbortSignal }): Promise<void>;
  /** Exact ranges of an object's bytes. @throws UserError when it is not there, or has not that many */
  openRanges(key: string, signal?: AbortSignal): Promise<StoredRanges>;
  /** Deletes an object; one that is not there is no fault. */
  remove(key: string): Promise<void>;
  /** Fields of the storage extension v2.0.0 for documents: `storage:schemes` and the ref of each asset; null for the embedded store. */
  scheme(): { ref: string; scheme: Record<string, unknown> } | null;
  /** Checks that the store can be written; throws UserError with what to do. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface S3Settings {
  endpoint: string | null;
  region: string;
  bucket: string;
  prefix: string;
  publicUrl: string | null;
  forcePathStyle: boolean;
  accessKeyId: string | null;
  secretAccessKey: string | null;
  sessionToken: string | null;
  /** Whether what is stored is looked for as everybody reads it, without keys. */
  checkPublic: boolean;
}
