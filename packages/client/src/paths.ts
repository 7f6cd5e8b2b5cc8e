import type { AnyKind } from '@coracle/api/kind';

/** `/api/v1` or `/apis/<group>/<version>`. */
export const groupVersionPath = (kind: AnyKind): string =>
  kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;

/** The path of a kind's collection, an object of it, or a subresource. Names are escaped. */
export function resourcePath(kind: AnyKind, namespace?: string, name?: string, subresource?: string): string {
  const within = kind.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const sub = subresource === undefined ? '' : `/${subresource}`;
  return `${groupVersionPath(kind)}${within}/${kind.plural}${object}${sub}`;
}

/** Values of a query string; undefined and empty strings are left out, lists repeat the name. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** `?a=b&c=d`, or nothing. */
export function queryString(query: Query | undefined): string {
  if (!query) return '';
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    if (typeof value === 'object') for (const each of value) pairs.append(name, each);
    else pairs.append(name, String(value));
  }
  const text = pairs.toString();
  return text === '' ? '' : `?${text}`;
}
