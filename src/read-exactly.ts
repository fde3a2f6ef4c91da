/** An open file -> exactly the bytes asked for, which the system may give in several pieces. */
import type { FileHandle } from 'node:fs/promises';

/** @returns null where the file ends before offset + length */
export async function readExactly(
  file: FileHandle,
  offset: number,
  length: number,
): Promise<Buffer<ArrayBuffer> | null> {
  const buffer = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) return null;
    done += bytesRead;
  }
  return buffer;
}
