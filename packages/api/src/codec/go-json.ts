/**
 * A value as Go's encoding/json writes it: map keys sorted (with `sort`), `<`, `>`, `&` and line separators escaped.
 * `indent` is the text of one level; without it the form is compact.
 */
export function formatJson(value: unknown, options: { indent?: string; sort?: boolean } = {}): string {
  const { indent = '', sort = true } = options;
  const newline = (depth: number): string => (indent === '' ? '' : `\n${indent.repeat(depth)}`);
  const colon = indent === '' ? ':' : ': ';
  const write = (it: unknown, depth: number): string => {
    if (it === null || it === undefined) return 'null';
    if (typeof it === 'string') return jsonString(it);
    if (typeof it === 'bigint') return it.toString();
    if (typeof it === 'number') return Object.is(it, -0) ? '-0' : String(it);
    if (typeof it === 'boolean') return String(it);
    if (Array.isArray(it)) {
      if (it.length === 0) return '[]';
      return `[${it.map((each) => newline(depth + 1) + write(each, depth + 1)).join(',')}${newline(depth)}]`;
    }
    const entries = Object.entries(it as object).filter(([, each]) => each !== undefined);
    if (entries.length === 0) return '{}';
    if (sort) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, each]) => `${newline(depth + 1)}${jsonString(key)}${colon}${write(each, depth + 1)}`).join(',')}${newline(depth)}}`;
  };
  return write(value, 0);
}

/** The value with the keys of all its maps sorted, for output that keeps the order otherwise. */
export function sortKeys<T>(value: T): T {
  if (Array.isArray(value)) return value.map(sortKeys) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortKeys(each)])) as T;
}

function jsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
