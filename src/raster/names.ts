/** Names a file gives -> keys that are safe in paths, URLs and JSON, each one once. */

/** Letters, digits, '.', '-' and '_' stay; runs of anything else become one '_'. */
export function safeName(name: string, otherwise: string): string {
  const safe = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[_.-]+|[_-]+$/g, '')
    .slice(0, 80);
  return safe === '' ? otherwise : safe;
}

/** The name, or the name with `-2`, `-3`, ... when it is taken; takes it. */
export function takeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let count = 2; taken.has(free); count += 1) free = `${name}-${count}`;
  taken.add(free);
  return free;
}
