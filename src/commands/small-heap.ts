/** For commands that go through hundreds of thousands of files: memory is given back to be used again soon, not when there is a lot. */
import { setFlagsFromString } from 'node:v8';

/** V8 lets the heap grow to several times what is in use before it collects; measured: half of the peak for some percent of time. */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
}
