/** Key -> what was made for it, as long as all of it fits in so many bytes: what was not asked for longest goes first. */

export interface Kept<T> {
  get(key: string): T | undefined;
  /** @param bytes that it takes in memory; more than a quarter of all is not kept */
  set(key: string, value: T, bytes: number): void;
  delete(key: string): void;
  /** What is kept, else what is made now: once, for all who ask meanwhile. A failure is not kept. */
  getOrMake(key: string, make: () => Promise<{ value: T; bytes: number }>): Promise<T>;
}

export function keepUpTo<T>(most: number): Kept<T> {
  const entries = new Map<string, { value: T; bytes: number }>();
  const coming = new Map<string, Promise<T>>();
  let total = 0;
  const remove = (key: string) => {
    total -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  const get = (key: string): T | undefined => {
    const found = entries.get(key);
    if (!found) return undefined;
    entries.delete(key);
    entries.set(key, found);
    return found.value;
  };
  const set = (key: string, value: T, bytes: number): void => {
    remove(key);
    if (bytes > most / 4) return;
    entries.set(key, { value, bytes });
    total += bytes;
    for (const oldest of entries.keys()) {
      if (total <= most) break;
      remove(oldest);
    }
  };
  return {
    get,
    set,
    delete: remove,
    getOrMake(key, make) {
      const kept = get(key) ?? coming.get(key);
      if (kept !== undefined) return Promise.resolve(kept);
      const made = make()
        .then(({ value, bytes }) => {
          set(key, value, bytes);
          return value;
        })
        .finally(() => coming.delete(key));
      coming.set(key, made);
      return made;
    },
  };
}
