/** Loaded before a program (node --import): writes how long its event loop was held up, in milliseconds, when SIGUSR2 asks. */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolution = 1;
const delays = monitorEventLoopDelay({ resolution });
delays.enable();
process.on('SIGUSR2', () => {
  // Each sample has the timer's own wait in it.
  const of = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution);
  const found = { p50: of(delays.percentile(50)), p99: of(delays.percentile(99)), max: of(delays.max) };
  writeFileSync(process.env.LOOP_DELAY_FILE, JSON.stringify(found));
  delays.reset();
});
