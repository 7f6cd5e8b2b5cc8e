/** The positions of items that stand further ahead in a list as well. */
export function repeats(list: readonly unknown[]): ReadonlySet<number> {
  const seen = new Set<unknown>();
  const found = new Set<number>();
  for (const [i, item] of list.entries()) {
    if (seen.has(item)) found.add(i);
    seen.add(item);
  }
  return found;
}
