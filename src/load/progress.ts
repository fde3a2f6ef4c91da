/** How far a load is: a line that is written over on a terminal, log lines elsewhere. Both on standard error. */
import type { LoadReport } from './run.ts';

interface Sink {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export interface LoadProgress {
  start(name: string, bytes: number | null): void;
  /** Bytes read of a file. */
  advance(bytes: number): void;
  batch(report: LoadReport): void;
  /** A line that stays. */
  say(message: string): void;
  end(): void;
}

/** Milliseconds between log lines. */
const LOG_REST = 5000;

export function makeLoadProgress(sink: Sink): LoadProgress {
  let [name, bytes, readBytes, told] = ['', 0, 0, 0];
  const clear = () => void (sink.isTTY && sink.write('\r\x1b[K'));
  return {
    start(source, size) {
      [name, bytes, readBytes, told] = [source, size ?? 0, 0, performance.now()];
    },
    advance(count) {
      readBytes += count;
    },
    batch(report) {
      const { read, failed } = report;
      const share = bytes > 0 ? Math.min(1, readBytes / bytes) : null;
      if (sink.isTTY) {
        const part = share === null ? '' : `  ${Math.floor(share * 100)} %`;
        const text = `${name}: ${read} documents${part}  ${failed} failed`;
        sink.write(`\r\x1b[K${text.slice(0, (sink.columns ?? 80) - 1)}`);
      } else if (performance.now() - told > LOG_REST) {
        told = performance.now();
        sink.write(
          `load:batch ${JSON.stringify({ name, read, failed, ...(share !== null && { share }) })}\n`,
        );
      }
    },
    say(message) {
      clear();
      sink.write(`${message}\n`);
    },
    end: clear,
  };
}
