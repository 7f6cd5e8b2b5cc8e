/** What is wrong with a text of indexes, `1,3-5,7`, or how many it names. */
export type Indexes = { total: number; error?: undefined } | { error: string };

/** Reads a text of indexes, each below `completions`, in rising order. */
export function parseIndexes(text: string, completions: number): Indexes {
  if (text === '') return { total: 0 };
  let total = 0;
  let last: number | undefined;
  for (const part of text.split(',')) {
    const bounds = part.split('-');
    if (bounds.length > 2) {
      return {
        error: `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      };
    }
    for (const bound of bounds) {
      const quoted = JSON.stringify(bound);
      if (!/^[+-]?\d+$/.test(bound)) return { error: `cannot convert string to integer for index: ${quoted}` };
      if (Number(bound) >= completions) return { error: `too large index: ${quoted}` };
    }
    const first = Number(bounds[0]);
    const end = Number(bounds[1] ?? first);
    if (bounds.length > 1 && first >= end)
      return { error: `non-increasing order, previous: ${first}, current: ${end}` };
    if (last !== undefined && last >= first)
      return { error: `non-increasing order, previous: ${last}, current: ${first}` };
    total += end - first + 1;
    last = end;
  }
  return { total };
}

/** Every index a well-formed text names, as intervals. */
export function intervalsOf(text: string): readonly (readonly [number, number])[] {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const [first, end] = part.split('-').map(Number);
    return [first!, end ?? first!] as const;
  });
}
