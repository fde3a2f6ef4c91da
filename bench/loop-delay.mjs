/**
 * Loaded before a program (node --import): how long its main thread computes before it comes back to the event loop, in
 * milliseconds of its own CPU time, so that what else the machine does is not in it. Written when SIGUSR2 asks. Linux.
 */
import { openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const INTERVAL = 1;

function watch() {
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const buffer = Buffer.alloc(100);
  const computed = () => {
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return Number(buffer.toString('latin1', 0, length).split(' ')[0]) / 1e6;
  };
  let stretches = [];
  let before = computed();
  const tick = () => {
    const now = computed();
    stretches.push(now - before);
    before = now;
    setTimeout(tick, INTERVAL).unref();
  };
  tick();
  process.on('SIGUSR2', () => {
    const sorted = stretches.sort((one, other) => one - other);
    stretches = [];
    const found = { p99: sorted[Math.floor(sorted.length * 0.99)], max: sorted.at(-1) };
    // Renamed, so that whoever waits for it finds it whole.
    const target = process.env.LOOP_DELAY_FILE;
    writeFileSync(`${target}.part`, JSON.stringify(found));
    renameSync(`${target}.part`, target);
  });
}

// Worker threads are given the same arguments.
if (isMainThread && process.env.LOOP_DELAY_FILE) watch();
