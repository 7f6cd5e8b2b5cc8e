import { age, since } from '../columns.ts';
import type { CustomResourceColumnDefinition } from '../generated/apiextensions/v1.ts';
import { JsonPath, resultText } from '../jsonpath/jsonpath.ts';
import type { Column, KubeObject } from '../kind.ts';

/** The columns a definition asks for; without any, the age alone. */
export function columnsOf(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
): readonly Column<KubeObject>[] {
  return columns && columns.length > 0 ? columns.map(columnOf) : [age];
}

function columnOf(it: CustomResourceColumnDefinition): Column<KubeObject> {
  const path = compiled(it.jsonPath);
  return {
    name: it.name,
    type: it.type as Column<KubeObject>['type'],
    ...(it.format ? { format: it.format } : {}),
    description: it.description || `Custom resource definition column (in JSONPath format): ${it.jsonPath}`,
    priority: it.priority ?? 0,
    value: (object, now) => cellOf(valueAt(path, object), it.type, now),
  };
}

/** Definitions check only how a path begins: what is none after all leaves its cells empty. */
function compiled(jsonPath: string): JsonPath | undefined {
  try {
    return new JsonPath(`{${jsonPath}}`, { allowMissing: true });
  } catch {
    return undefined;
  }
}

function valueAt(path: JsonPath | undefined, object: KubeObject): unknown {
  try {
    return path?.find(object)[0]?.[0];
  } catch {
    return undefined; // the path does not fit what is there, an index beyond a list's end for instance
  }
}

function cellOf(value: unknown, type: string, now: number): string | number | boolean | null {
  if (value === undefined) return null;
  if (type === 'string') return resultText(value);
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

function dateCell(text: string, now: number): string {
  if (text !== '' && Number.isNaN(Date.parse(text))) return '<invalid>';
  return since(text, now);
}
