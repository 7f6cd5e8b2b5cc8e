import { NotedPaths } from './noted-paths.ts';

/**
 * Whether the text has as many keys as the value it was parsed to; then none of them was overwritten. One pass over each, without
 * any allocation: this runs for every object a client writes.
 */
export function isCertainlyWithoutDuplicates(text: string, value: unknown): boolean {
  return countColons(text) === countKeys(value);
}

/** Colons outside of strings: in well-formed JSON, one for each key. */
function countColons(text: string): number {
  let count = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) inString = !inString;
    else if (inString) {
      if (c === 0x5c) i++;
    } else if (c === 0x3a) count++;
  }
  return count;
}

function countKeys(root: unknown): number {
  let count = 0;
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === 'object' && item !== null) open.push(item);
      continue;
    }
    for (const key in value) {
      count++;
      const item = (value as Record<string, unknown>)[key];
      if (typeof item === 'object' && item !== null) open.push(item);
    }
  }
  return count;
}

interface Level {
  /** Keys seen in this object, and whether they were seen again; undefined for an array. */
  readonly keys: Map<string, boolean> | undefined;
  /** How long the path to this object or array is. */
  readonly length: number;
  /** The key whose value comes next, or the index of the current item. */
  key: string;
  index: number;
}

const strings = /"(?:[^"\\]|\\.)*"/sy;

/** Paths (`spec.containers[0].image`) of the fields that occur again in well-formed JSON, each once, in order of appearance: see `NotedPaths`. */
export function duplicateFields(text: string): string[] {
  const found = new NotedPaths();
  const seen = new Set<string>();
  eachKey(text, (path, again) => {
    if (again !== 'second') return true;
    const at = path();
    if (!seen.has(at)) found.add(at);
    seen.add(at);
    return !found.isFull;
  });
  return found.texts;
}

/** Of longer paths the order is not looked for: it takes the text of each that is as long. */
const longestInOrder = 1000;

/** Sorts paths of fields of well-formed JSON: some by where they first stand, those of `repeated` by where they stand again. */
export function inOrderOfAppearance(text: string, once: readonly string[], repeated: readonly string[]): string[] {
  const [first, second] = [new Set(once), new Set(repeated)];
  const all = new Set([...repeated, ...once]);
  const longest = Math.max(...[...all].map((path) => path.length));
  if (longest > longestInOrder) return [...all];
  const order = new Set<string>();
  eachKey(text, (path, again, length) => {
    if (length > longest || again === 'more') return true;
    const at = path();
    if (first.has(at) || (again === 'second' && second.has(at))) order.add(at);
    return order.size < all.size;
  });
  return [...order];
}

/**
 * Calls back for each key of well-formed JSON with its path, how often its object has had the key, and how long the path is; ends when it is told so by
 * false.
 */
function eachKey(
  text: string,
  visit: (path: () => string, time: 'first' | 'second' | 'more', length: number) => boolean,
): void {
  const levels: Level[] = [];
  let expectKey = false;
  const path = (): string => {
    let at = '';
    for (const { keys, key, index } of levels) at = !keys ? `${at}[${index}]` : at === '' ? key : `${at}.${key}`;
    return at;
  };
  const lengthTo = ({ keys, key, index, length }: Level): number =>
    keys ? length + key.length + 1 : length + String(index).length + 2;
  const open = (keys: Level['keys']): void => {
    const top = levels.at(-1);
    levels.push({ keys, length: top ? lengthTo(top) : 0, key: '', index: 0 });
  };
  for (let i = 0; i < text.length; i++) {
    const top = levels.at(-1);
    switch (text[i]) {
      case '{':
        open(new Map());
        expectKey = true;
        break;
      case '[':
        open(undefined);
        expectKey = false;
        break;
      case '}':
      case ']':
        levels.pop();
        expectKey = false;
        break;
      case ',':
        if (top?.keys) expectKey = true;
        else if (top) top.index++;
        break;
      case '"': {
        strings.lastIndex = i;
        const literal = strings.exec(text)![0];
        i += literal.length - 1;
        if (!expectKey || !top?.keys) break;
        top.key = JSON.parse(literal) as string;
        const before = top.keys.get(top.key);
        top.keys.set(top.key, before !== undefined);
        const time = before === undefined ? 'first' : before ? 'more' : 'second';
        // The first key of all has no dot before it.
        if (!visit(path, time, lengthTo(top) - 1)) return;
        expectKey = false;
      }
    }
  }
}
