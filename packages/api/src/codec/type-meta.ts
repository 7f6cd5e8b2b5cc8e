import { isObject } from '../meta/object.ts';
import { jsonKind } from './decode-error.ts';

const noVersion = "couldn't get version/kind; json parse error: ";

/** How Go's decoder names what it reads apiVersion and kind into. */
const typeMeta =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Why a value cannot be asked what it is, in the words of upstream's decoder; undefined: it can, though it may not say so. */
export function typeMetaProblem(value: unknown): string | undefined {
  if (!isObject(value)) {
    return `${noVersion}json: cannot unmarshal ${jsonKind(value)} into Go value of type ${typeMeta}`;
  }
  for (const field of ['kind', 'apiVersion']) {
    const name = value[field] ?? '';
    if (typeof name === 'string') continue;
    return `${noVersion}json: cannot unmarshal ${jsonKind(name)} into Go struct field .${field} of type string`;
  }
  const { apiVersion } = value as { apiVersion?: string | null };
  return apiVersion && apiVersion.split('/').length > 2 ? `unexpected GroupVersion string: ${apiVersion}` : undefined;
}

/** As `typeMetaProblem`, where there is not even JSON. */
export const unreadTypeMeta = (why: string): string => noVersion + why;
