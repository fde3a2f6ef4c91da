/** Faults that a person caused or can mend, and how each is told: over HTTP by code, on the command line by sentence. */
import { accessSync, constants, mkdirSync } from 'node:fs';

const STATUS = {
  InvalidParameter: [400, 'Invalid parameter'],
  InvalidBody: [400, 'Invalid body'],
  InvalidDocument: [400, 'Invalid STAC document'],
  NotFound: [404, 'Not found'],
  MethodNotAllowed: [405, 'Method not allowed'],
  NotAcceptable: [406, 'Not acceptable'],
  Conflict: [409, 'Conflict'],
  Gone: [410, 'Gone'],
  PreconditionFailed: [412, 'Precondition failed'],
  PayloadTooLarge: [413, 'Payload too large'],
  AddressTooLong: [414, 'Address too long'],
  UnsupportedMediaType: [415, 'Unsupported media type'],
  RangeNotSatisfiable: [416, 'Range not satisfiable'],
  Internal: [500, 'Internal error'],
  Unavailable: [503, 'Unavailable'],
  Timeout: [504, 'Time limit reached'],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof STATUS;

/** A fault of one request. `detail` names what arrived and what is accepted; it never holds internals. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly parameter: string | undefined;

  constructor(code: ErrorCode, detail: string, parameter?: string) {
    super(detail);
    this.name = 'ApiError';
    this.code = code;
    this.parameter = parameter;
  }

  get status(): number {
    return STATUS[this.code][0];
  }

  get title(): string {
    return STATUS[this.code][1];
  }
}

/** A fault told on the command line: one clear sentence that says what to do. Exit code 1. */
export class UserError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
  }
}

/** The message of whatever was thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's codes of a connection that may come about a moment later. */
export const PASSING_CODES: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  // A chunked answer that ends before its last chunk.
  'HPE_INVALID_EOF_STATE',
]);

/**
 * Makes a folder that can be written.
 * @param setting what names it, for whoever must choose another
 * @throws UserError
 */
export function makeFolder(folder: string, setting: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'EEXIST' || code === 'ENOTDIR' ? 'a file is in its place' : `it cannot be written (${code})`;
    throw new UserError(
      `The folder ${folder} cannot be used: ${why}; give yourself the right, or choose another with ${setting}.`,
    );
  }
}
