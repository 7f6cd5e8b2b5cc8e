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
  /** Keys seen in this object; undefined for an array. */
  readonly keys: Set<string> | undefined;
  readonly path: string;
  /** The key whose value comes next, or the index of the current item. */
  key: string;
  index: number;
}

const strings = /"(?:[^"\\]|\\.)*"/sy;

/** Paths (`spec.containers[0].image`) of the fields that occur again in well-formed JSON, each once, in order of appearance. */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>();
  eachKey(text, (path, again) => {
    if (again) found.add(path());
  });
  return [...found];
}

/** Sorts paths of fields of well-formed JSON: some by where they first stand, those of `repeated` by where they stand again. */
export function inOrderOfAppearance(text: string, once: readonly string[], repeated: readonly string[]): string[] {
  const [first, second] = [new Set(once), new Set(repeated)];
  const order = new Set<string>();
  eachKey(text, (path, again) => {
    const at = path();
    if (first.has(at) || (again && second.has(at))) order.add(at);
  });
  return [...order];
}

/** Calls back for each key of well-formed JSON with its path, and whether its object had the key before. */
function eachKey(text: string, visit: (path: () => string, again: boolean) => void): void {
  const levels: Level[] = [];
  let expectKey = false;
  const path = (): string => {
    const top = levels.at(-1);
    if (!top) return '';
    if (!top.keys) return `${top.path}[${top.index}]`;
    return top.path === '' ? top.key : `${top.path}.${top.key}`;
  };
  for (let i = 0; i < text.length; i++) {
    const top = levels.at(-1);
    switch (text[i]) {
      case '{':
        levels.push({ keys: new Set(), path: path(), key: '', index: 0 });
        expectKey = true;
        break;
      case '[':
        levels.push({ keys: undefined, path: path(), key: '', index: 0 });
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
        visit(path, top.keys.has(top.key));
        top.keys.add(top.key);
        expectKey = false;
      }
    }
  }
}
