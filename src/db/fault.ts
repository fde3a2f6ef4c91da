/** A database's error as a plain value, for passing between threads and processes. */

export interface DatabaseFault {
  message: string;
  /** SQLSTATE. */
  code?: string;
  detail?: string;
  constraint?: string;
}

export function toFault(error: unknown): DatabaseFault {
  const { message, code, detail, constraint } = error as DatabaseFault;
  return {
    message: String(message),
    ...(code && { code }),
    ...(detail && { detail }),
    ...(constraint && { constraint }),
  };
}
