/** How far an ingestion is: a bar on a terminal, log lines elsewhere. Both on standard error. */
import { formatBytes } from './plan.ts';

export interface Progress {
  start(files: number, bytes: number): void;
  /** Bytes read of the source. */
  advance(bytes: number): void;
  event(name: string, fields: Record<string, unknown>): void;
  fileDone(): void;
  fault(message: string): void;
  end(): void;
}

interface Sink {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** One line that is written over. */
export function makeBar(sink: Sink): Progress {
  let files = 0;
  let doneFiles = 0;
  let bytes = 0;
  let doneBytes = 0;
  let began = performance.now();
  let drawn = 0;
  const draw = (isForced = false) => {
    const now = performance.now();
    if (files === 0 || (!isForced && now - drawn < 100)) return;
    drawn = now;
    const share = bytes > 0 ? Math.min(1, doneBytes / bytes) : doneFiles / files;
    const left = share > 0 ? ((now - began) / 1000) * (1 / share - 1) : Number.POSITIVE_INFINITY;
    const width = 24;
    const filled = Math.round(share * width);
    const bar = '#'.repeat(filled) + '.'.repeat(width - filled);
    const text = `[${bar}] ${doneFiles}/${files} files  ${formatBytes(doneBytes)}/${formatBytes(bytes)}  ${formatSeconds(left)} left`;
    sink.write(`\r\x1b[K${text.slice(0, (sink.columns ?? 80) - 1)}`);
  };
  const say = (text: string) => {
    sink.write(`\r\x1b[K${text}\n`);
    draw(true);
  };
  return {
    start(count, size) {
      [files, bytes, began] = [count, size, performance.now()];
      draw(true);
    },
    advance(count) {
      doneBytes += count;
      draw();
    },
    event: () => {},
    fileDone() {
      doneFiles++;
      draw(true);
    },
    fault: say,
    end: () => void sink.write('\r\x1b[K'),
  };
}

/** A line an event: `ingest:item:done {"did":…}`. */
export function makeLog(sink: Sink, command: string): Progress {
  const line = (name: string, fields: Record<string, unknown>) =>
    sink.write(`${name} ${JSON.stringify(fields)}\n`);
  return {
    start: (files, bytes) => void line(`${command}:start`, { files, bytes }),
    advance: () => {},
    event: line,
    fileDone: () => {},
    fault: (message) => void sink.write(`${message}\n`),
    end: () => {},
  };
}

export const makeProgress = (sink: Sink, command: string): Progress =>
  sink.isTTY ? makeBar(sink) : makeLog(sink, command);
