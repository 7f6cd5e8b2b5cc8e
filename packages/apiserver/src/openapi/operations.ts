import type { Json, SchemaCollection } from './schemas.ts';

/** The media types of objects. */
export const objectTypes = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml'];
const watchTypes = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** The media types of custom resources: those of objects, and of patches in the order that 2.0 has them in. */
const customTypes = ['application/json', 'application/yaml'];
const customPatchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];

/** What an operation takes where it has no body, which only 2.0 says. */
export const consumes = Symbol('consumes');

/** What the operations of a path are about. */
export interface Subject {
  /** Whose path it is. */
  readonly of: { readonly group: string; readonly version: string; readonly kind: string };
  /** The kind of what is sent and answered. */
  readonly body: { readonly group: string; readonly version: string; readonly kind: string };
  /** A custom resource: it has no protobuf and no strategic merge patch. */
  readonly custom: boolean;
}

/** One operation: what is sent and answered. */
export interface Operation {
  /** The name within its group-version, after the verb: `read` and `NamespacedPodStatus`. */
  readonly verb: string;
  readonly name: string;
  readonly description: string;
  readonly action: string;
  readonly parameters?: readonly Json[];
  /** The type of the body, or that it is a patch. */
  readonly body?: string;
  readonly optionalBody?: boolean;
  /** The type of the answer; undefined: text. */
  readonly answer?: string | undefined;
  readonly codes?: readonly number[];
  readonly types?: 'collection' | readonly string[];
}

const words: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

/** The body of a patch, as `Operation.body`. */
export const patch = 'meta/v1.Patch';

/** `apps/v1` as part of an operation's name, `AppsV1`, and as its tag, `apps_v1`: the group without `.k8s.io`, and what is no letter or digit begins a word. */
export function namesOf(group: string, version: string): { infix: string; tag: string } {
  const parts = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split(/[^A-Za-z0-9]+/);
  const [first = '', ...rest] = parts;
  const joined = first + rest.map(capital).join('');
  return { infix: capital(joined) + capital(version), tag: version ? `${joined}_${version}` : joined };
}

export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** An operation in the terms of OpenAPI 3.0. */
export function operationOf(operation: Operation, { of, body, custom }: Subject, schemas: SchemaCollection): Json {
  const { infix, tag } = namesOf(of.group, of.version);
  const content = (types: readonly string[], type: string | undefined): Json =>
    Object.fromEntries(types.map((each) => [each, { schema: type ? schemas.reference(type) : { type: 'string' } }]));
  const ofObjects =
    operation.types === 'collection' ? [...objectTypes, ...watchTypes].sort() : (operation.types ?? objectTypes);
  const answered = custom ? customTypes : ofObjects;
  const made: Json & { [consumes]?: readonly string[] } = {
    tags: [tag],
    description: operation.description,
    operationId: operation.verb + infix + operation.name,
    ...(operation.parameters?.length ? { parameters: operation.parameters } : {}),
  };
  if (operation.body) {
    const types = operation.body === patch ? (custom ? customPatchTypes : patchTypes) : custom ? customTypes : ['*/*'];
    made['requestBody'] = {
      content: content(types, operation.body),
      ...(operation.optionalBody ? {} : { required: true }),
    };
  }
  if (custom) made[consumes] = customTypes;
  const answer = (code: number) => [code, { description: words[code], content: content(answered, operation.answer) }];
  made['responses'] = {
    ...Object.fromEntries((operation.codes ?? [200]).map(answer)),
    401: { description: 'Unauthorized' },
  };
  made['x-kubernetes-action'] = operation.action;
  // What is done to the scale of a custom resource is said to be of the resource's kind.
  const { group, version, kind } = custom ? of : body;
  made['x-kubernetes-group-version-kind'] = { group, version, kind };
  return made;
}
