/** Adds the items of groups to a list, however many: a call with as many arguments would be more than the stack holds. */
export function append<T>(list: T[], ...groups: Iterable<T>[]): void {
  for (const group of groups) for (const item of group) list.push(item);
}
