/** A name that was mistyped -> the known one that it is nearest to, by Levenshtein's distance. */

/** How many letters must be put in, taken out or exchanged to make one text of the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (let at = 0; at < to.length; at++) {
      const exchanged = (row[at] as number) + (letter === to[at] ? 0 : 1);
      next.push(Math.min(exchanged, (row[at + 1] as number) + 1, (next[at] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

/** @returns null where none is like it: more than half of its letters would be others */
export function nearestName(name: string, known: Iterable<string>): string | null {
  let nearest: string | null = null;
  let least = name.length / 2;
  for (const each of known) {
    const far = distance(name, each);
    if (far > least) continue;
    if (far < least || nearest === null) nearest = each;
    least = far;
  }
  return nearest;
}
