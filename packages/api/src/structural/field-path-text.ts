import { Path } from '../meta/field-path.ts';

/** As much of a schema as paths are read by. */
interface Named {
  readonly properties?: Readonly<Record<string, Named>>;
  readonly additionalProperties?: Named | boolean;
}

/** Where a path leads: the part of the schema, and the path as errors show it; or why it leads nowhere. */
export type FieldPath<T> = { readonly schema: T; readonly path: Path } | { readonly problem: string };

/** Delimiters, names between them and texts in single quotes; a quote that does not end is part of a name of its own. */
const token = /'(?:[^'\\]|\\.)*'|[.[\]]|[^.[\]'][^.[\]]*|'[\s\S]*/y;

const nowhere = { problem: 'does not refer to a valid field' };
const atEnd = { problem: 'unexpected end of JSON path' };

/**
 * Reads a path of fields and keys of maps, `.spec.x['a-b']`, by a schema. With `brackets` false only names after dots are allowed
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-path).
 */
export function readFieldPath<T extends object>(text: string, root: T, brackets = true): FieldPath<T> {
  const tokens = split(text);
  let schema: Named = root;
  let path = new Path();
  const enter = (name: string): boolean => {
    const { properties, additionalProperties } = schema;
    if (properties) {
      if (!Object.hasOwn(properties, name)) return false;
      schema = properties[name]!;
      path = path.child(name);
    } else if (typeof additionalProperties === 'object') {
      schema = additionalProperties;
      path = path.key(name);
    } else return false;
    return true;
  };
  for (let i = 0; i < tokens.length; i++) {
    const delimiter = tokens[i]!;
    const next = tokens[++i];
    if (delimiter === '.') {
      if (next === undefined) return atEnd;
      if (!enter(next)) return nowhere;
    } else if (delimiter === '[') {
      if (!brackets) return { problem: 'array notation is not allowed' };
      if (next === undefined) return atEnd;
      if (!/^'[\s\S]*'$/.test(next) || next.length < 2) {
        return { problem: `expected single quoted string but got ${next}` };
      }
      if (!enter(next.slice(1, -1).replace(/\\(.)/g, '$1'))) return nowhere;
      const close = tokens[++i];
      if (close === undefined) return atEnd;
      if (close !== ']') return { problem: `expected ] but got ${close}` };
    } else return { problem: `expected [ or . but got: ${delimiter}` };
  }
  return { schema: schema as T, path };
}

function split(text: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) tokens.push(found[0]);
  return tokens;
}
