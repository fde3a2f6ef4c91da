/** Texts that will be wanted, read a few at a time before they are, of what is to be read next. */

/** Reads under way at a time. */
const MOST_AT_ONCE = 8;
/** Texts, and characters of them, that are read but not taken yet. */
const MOST_HELD = 64;
const MOST_TEXT = 64 * 1024 * 1024;

export interface ReadAhead<Next> {
  /** The last of the stack, taken off it, and its text as it comes. */
  take(): Promise<{ next: Next; text: Promise<string> }>;
  /** Ends what is under way. */
  end(): void;
}

/** @param stack what is to be read, the last first; whoever owns it puts on */
export function makeReadAhead<Next extends object>(
  stack: Next[],
  read: (next: Next, signal: AbortSignal) => Promise<string>,
): ReadAhead<Next> {
  const abort = new AbortController();
  const texts = new Map<Next, Promise<string>>();
  const running = new Set<Promise<unknown>>();
  let heldText = 0;

  function begin(next: Next): void {
    const text = read(next, abort.signal).then((read) => {
      heldText += read.length;
      return read;
    });
    texts.set(next, text);
    // What fails is thrown to whoever takes it.
    const ended: Promise<void> = text.then(
      () => {},
      () => {},
    );
    running.add(ended);
    void ended.then(() => {
      running.delete(ended);
      fill();
    });
  }

  function fill(): void {
    const end = Math.max(0, stack.length - MOST_HELD);
    for (let at = stack.length - 1; at >= end && running.size < MOST_AT_ONCE; at--) {
      const next = stack[at] as Next;
      if (abort.signal.aborted || texts.has(next)) continue;
      const hasRoom = texts.size < MOST_HELD && heldText < MOST_TEXT;
      if (hasRoom || at === stack.length - 1) begin(next);
    }
  }

  return {
    async take() {
      const next = stack.at(-1) as Next;
      fill();
      while (!texts.has(next)) {
        await Promise.race(running);
        fill();
      }
      stack.pop();
      const text = (texts.get(next) as Promise<string>).finally(() => texts.delete(next));
      void text.then(
        ({ length }) => (heldText -= length),
        () => {},
      );
      return { next, text };
    },
    end: () => abort.abort(),
  };
}
