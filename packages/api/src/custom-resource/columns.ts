import { age, dated, since } from '../columns.ts';
import type { CustomResourceColumnDefinition } from '../generated/apiextensions/v1.ts';
import { JsonPath, resultText } from '../jsonpath/jsonpath.ts';
import type { Column, KubeObject } from '../kind.ts';
import { parseTime } from '../meta/time.ts';

/**
 * The columns a definition asks for; without any, the age alone. Definitions check only how a path begins: from the first that is none after all on,
 * there are no columns.
 */
export function columnsOf(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
): readonly Column<KubeObject>[] {
  if (!columns?.length) return [dated(age)];
  const made: Column<KubeObject>[] = [];
  for (const it of columns) {
    const path = compiled(it.jsonPath);
    if (!path) break;
    made.push(columnOf(it, path));
  }
  return made;
}

function columnOf(it: CustomResourceColumnDefinition, path: JsonPath): Column<KubeObject> {
  return {
    name: it.name,
    type: it.type as Column<KubeObject>['type'],
    ...(it.format ? { format: it.format } : {}),
    description: it.description || `Custom resource definition column (in JSONPath format): ${it.jsonPath}`,
    priority: it.priority ?? 0,
    value: (object, now) => cellOf(valueAt(path, object), it.type, now),
  };
}

function compiled(jsonPath: string): JsonPath | undefined {
  try {
    return new JsonPath(`{${jsonPath}}`, { allowMissing: true });
  } catch {
    return undefined;
  }
}

function valueAt(path: JsonPath, object: KubeObject): unknown {
  try {
    return path.find(object)[0]?.[0];
  } catch {
    return undefined; // the path does not fit what is there, an index beyond a list's end for instance
  }
}

function cellOf(value: unknown, type: string, now: number): string | number | boolean | null {
  if (value === undefined) return null;
  if (type === 'string') return value === null ? '<no value>' : resultText(value);
  if (value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' || typeof value === 'bigint' ? Math.trunc(Number(value)) : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateCell(value, now) : null;
    default:
      return null;
  }
}

/** The first moment of year 1, Go's for a time that is not known. */
const zeroTime = -62_135_596_800_000;

function dateCell(text: string, now: number): string {
  if (text === '' || text === 'null') return '<unknown>';
  try {
    return parseTime(text) === zeroTime ? '<unknown>' : since(text, now);
  } catch {
    return '<invalid>';
  }
}
