/** Work that many may ask for at once -> a few at a time, a queue behind them that ends, and a refusal for the rest. */
import { ApiError } from '../../errors.ts';

export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** What is returned throws ApiError Unavailable when the queue is full. */
export function makeTurns(atOnce: number, waiting: number): TakeTurn {
  const queue: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atOnce) {
      if (queue.length >= waiting)
        throw new ApiError(
          'Unavailable',
          `${waiting} pictures are waited for, which is the most; try again later`,
        );
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => queue.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
