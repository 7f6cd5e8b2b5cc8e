import { readFileSync } from 'node:fs';

/** One field of an API type, as the facts file states it. */
export interface FieldFact {
  name: string | null;
  type: string;
  inline?: true;
  optional?: true;
  /** Documented as required, whatever its JSON tag says. */
  required?: true;
  /** Optional, and written all the same where it says nothing: its JSON tag has no `omitempty`. */
  written?: true;
  default?: string;
  listType?: 'atomic' | 'set' | 'map';
  listMapKeys?: string[];
  mapType?: 'atomic' | 'granular';
  structType?: 'atomic' | 'granular';
  patchStrategy?: string;
  patchMergeKey?: string;
  featureGate?: string;
  proto?: { label: string; tag: number; wire: string; name?: string };
}

export interface TypeFact {
  fields: FieldFact[];
  client?: string[];
  atomic?: true;
}

interface GroupVersionFacts {
  types: Record<string, TypeFact>;
  stringTypes: Record<string, string>;
  constants: Record<string, string[]>;
}

export type Facts = Record<string, GroupVersionFacts>;

/** The group-versions we generate, and the API group each belongs to. */
export const groupNames: Record<string, string> = {
  'meta/v1': 'meta.k8s.io',
  'core/v1': '',
  'apps/v1': 'apps',
  'batch/v1': 'batch',
  'autoscaling/v1': 'autoscaling',
  'autoscaling/v2': 'autoscaling',
  'policy/v1': 'policy',
  'admission/v1': 'admission.k8s.io',
  'admissionregistration/v1': 'admissionregistration.k8s.io',
  'apidiscovery/v2': 'apidiscovery.k8s.io',
  'apiextensions/v1': 'apiextensions.k8s.io',
  'apiregistration/v1': 'apiregistration.k8s.io',
  'authentication/v1': 'authentication.k8s.io',
  'authorization/v1': 'authorization.k8s.io',
  'certificates/v1': 'certificates.k8s.io',
  'certificates/v1beta1': 'certificates.k8s.io',
  'coordination/v1': 'coordination.k8s.io',
  'discovery/v1': 'discovery.k8s.io',
  'events/v1': 'events.k8s.io',
  'flowcontrol/v1': 'flowcontrol.apiserver.k8s.io',
  'networking/v1': 'networking.k8s.io',
  'node/v1': 'node.k8s.io',
  'rbac/v1': 'rbac.authorization.k8s.io',
  'resource/v1': 'resource.k8s.io',
  'scheduling/v1': 'scheduling.k8s.io',
  'storage/v1': 'storage.k8s.io',
  'storagemigration/v1beta1': 'storagemigration.k8s.io',
};

/** The facts of several files as one; each group-version is in one of them. */
export function readFacts(...paths: string[]): Facts {
  return Object.assign({}, ...paths.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Facts)) as Facts;
}

/** The texts a type has, by group-version and name of the type. */
export type EnumFacts = Record<string, Record<string, string[]>>;

/** The types of texts that are one of a few, and which. */
export function readEnums(path: string): EnumFacts {
  return JSON.parse(readFileSync(path, 'utf8')) as EnumFacts;
}

/** A Go type, resolved: a scalar, a reference to a struct (`group/version.Name`), or a list or map of those. */
export type Resolved =
  | { is: 'scalar'; scalar: string; named?: string }
  | { is: 'struct'; group: string; name: string; pointer: boolean }
  | { is: 'list'; of: Resolved }
  | { is: 'map'; of: Resolved };

const scalars: Record<string, string> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  int: 'int64',
  float64: 'double',
  byte: 'int32',
  'interface{}': 'any',
  'types.UID': 'string',
  'types.NodeName': 'string',
  'resource.Quantity': 'quantity',
  'intstr.IntOrString': 'intOrString',
  'runtime.RawExtension': 'any',
  'meta/v1.Time': 'time',
  'meta/v1.MicroTime': 'microTime',
  'meta/v1.Duration': 'duration',
  'meta/v1.FieldsV1': 'any',
  'apiextensions/v1.JSON': 'any',
  'apiextensions/v1.JSONSchemaPropsOrArray': 'any',
  'apiextensions/v1.JSONSchemaPropsOrBool': 'any',
  'apiextensions/v1.JSONSchemaPropsOrStringArray': 'any',
};

/** Resolves a Go type as written in `group`'s source to our terms; throws on a type nothing declares. */
export function resolve(facts: Facts, group: string, type: string): Resolved {
  if (type.startsWith('*')) {
    const target = resolve(facts, group, type.slice(1));
    return target.is === 'struct' ? { ...target, pointer: true } : target;
  }
  if (type === '[]byte') return { is: 'scalar', scalar: 'bytes' };
  if (type.startsWith('[]')) return { is: 'list', of: resolve(facts, group, type.slice(2)) };
  const map = /^map\[[\w.]+\](.+)$/.exec(type);
  if (map) return { is: 'map', of: resolve(facts, group, map[1]!) };
  if (scalars[type]) return { is: 'scalar', scalar: scalars[type] };
  const [owner, name] = locate(facts, group, type);
  const full = `${owner}.${name}`;
  if (scalars[full]) return { is: 'scalar', scalar: scalars[full] };
  const alias = facts[owner]!.stringTypes[name];
  if (alias !== undefined) {
    if (alias === 'string')
      return { is: 'scalar', scalar: 'string', named: facts[owner]!.constants[name] ? full : undefined };
    return resolve(facts, owner, alias.replace(/^= /, ''));
  }
  return { is: 'struct', group: owner, name, pointer: false };
}

function locate(facts: Facts, group: string, type: string): [string, string] {
  const dot = type.lastIndexOf('.');
  const name = type.slice(dot + 1);
  const prefix = dot < 0 ? '' : type.slice(0, dot);
  const candidates = prefix === '' ? [group] : ownersOf[prefix];
  if (!candidates) throw new Error(`${group}: unknown package prefix in ${type}`);
  for (const owner of candidates) {
    const gv = facts[owner]!;
    if (gv.types[name] || gv.stringTypes[name] !== undefined || scalars[`${owner}.${name}`]) return [owner, name];
  }
  throw new Error(`${group}: nothing declares ${type}`);
}

const ownersOf: Record<string, string[]> = {
  metav1: ['meta/v1'],
  v1: ['meta/v1', 'core/v1'],
  corev1: ['core/v1'],
  apiv1: ['core/v1'],
  api: ['core/v1'],
  authenticationv1: ['authentication/v1'],
};
