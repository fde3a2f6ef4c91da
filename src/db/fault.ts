/** A database's error: as it is thrown, and as a plain value for passing between threads and processes. */

export interface DatabaseFault {
  message: string;
  /** SQLSTATE. */
  code?: string;
  detail?: string;
  constraint?: string;
}

/** The SQLSTATEs that this program gives itself; `sqlstate.ts` turns them into 503 and 504. */
export const SqlState = {
  tookTooLong: '57014',
  closed: '57P01',
  unavailable: '57P03',
  connectionLost: '08006',
} as const;

/** An error of the database, with its SQLSTATE in `code` as `pg` has it. */
export class DatabaseError extends Error {
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly constraint: string | undefined;

  constructor(fault: DatabaseFault, options?: ErrorOptions) {
    super(fault.message, options);
    this.name = 'DatabaseError';
    this.code = fault.code;
    this.detail = fault.detail;
    this.constraint = fault.constraint;
  }
}

export const hasSqlState = (error: unknown): boolean =>
  /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown } | null)?.code));

export function toFault(error: unknown): DatabaseFault {
  const { message, code, detail, constraint } = error as DatabaseFault;
  return {
    message: String(message),
    ...(code && { code }),
    ...(detail && { detail }),
    ...(constraint && { constraint }),
  };
}

/** The answer, or a DatabaseError with `fault` when it takes longer than `limit` milliseconds; the late answer is dropped. */
export async function within<T>(answer: Promise<T>, limit: number, fault: DatabaseFault): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DatabaseError(fault)), limit);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
