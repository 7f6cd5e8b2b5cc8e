import { encodeJson } from '@coracle/api/codec/json';
import { inOrderOfAppearance } from '@coracle/api/codec/json-duplicates';
import { decodeKindObject, type ObjectForm } from '@coracle/api/codec/kind-object';
import { decodeProtobuf, protobufType } from '@coracle/api/codec/protobuf';
import { typeMetaProblem, unreadTypeMeta } from '@coracle/api/codec/type-meta';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { invalid, Path } from '@coracle/api/meta/field-path';
import { messageOf } from '@coracle/api/meta/message-of';
import { badRequest, invalidObject, unsupportedMediaType } from '@coracle/api/meta/status';
import { objectSchemaOf } from '@coracle/api/schema';
import type { Scheme } from '@coracle/api/scheme';
import { refuseVastText } from '../registry/size-limit.ts';
import { mediaTypes, textTypes } from './negotiation.ts';
import type { FieldValidation } from './options.ts';
import { nothingRepeated, type Parsed, parseJson, parseYaml, type RepeatedKeys, yamlErrors } from './repeated-keys.ts';

/** What a body must be. */
export interface Expected extends ObjectForm {
  /** `Pod`, as messages name it. */
  kind: string;
  apiVersion: string;
  /** What a custom resource says it is does not count: the write is of its status, and leaves that alone. */
  anyKind?: boolean;
  /** Other apiVersions of the same form: an object in one of them is taken for one in the expected. */
  sameForm?: readonly string[];
}

/** Decodes a request body into an object of the expected kind. */
export function decodeObject(
  bytes: Buffer,
  contentType: string | undefined,
  expected: Expected,
  scheme: Scheme,
  validation: FieldValidation,
  warn: (text: string) => void,
): KubeObject {
  const refuse = (problem: string) => unrecognized(expected.kind, problem, bytes);
  if (mediaOf(contentType) === 'application/json' && !expected.dynamic) {
    const { fields } = objectSchemaOf(expected.type);
    refuseVastText(bytes, (field) => fields.has(field));
  }
  const { value, repeated } = parseBody(bytes, contentType, expected, refuse);
  const object = objectWithKind(value ?? {}, expected, refuse, () =>
    isYaml(contentType) ? yamlAsJson(value) : bytes.toString(),
  );
  const fail = (problem: string) =>
    badRequest(
      `${object.kind} in version "${versionOf(object.apiVersion ?? '')}" cannot be handled as a ${expected.kind}: ${problem}`,
    );
  if (expected.dynamic && object.apiVersion === null) throw fail(nullVersion);
  if (object.kind === expected.kind && expected.sameForm?.includes(object.apiVersion!))
    object.apiVersion = expected.apiVersion;
  checkTypeMeta(object, expected, scheme);
  const typed = typedObject<KubeObject>(object, expected, fail);
  const dynamic = expected.dynamic !== undefined;
  reportFields(typed.unknown, repeated, validation, warn, fail, dynamic ? { dynamic } : { source: bytes });
  return typed.object;
}

type Refuse = (problem: string) => Error;

/** Parses JSON, YAML or protobuf by content type; throws UnsupportedMediaType, and what `refuse` makes of what cannot be read. */
export function parseBody(bytes: Buffer, contentType: string | undefined, expected: Expected, refuse: Refuse): Parsed {
  const media = mediaOf(contentType);
  if (media === protobufType && !expected.dynamic)
    return { value: parseProtobuf(bytes, expected, refuse), repeated: nothingRepeated };
  const accepted: readonly string[] = expected.dynamic ? textTypes : mediaTypes;
  if (!accepted.includes(media)) throw unsupportedMediaType(mediaTypes);
  try {
    return media === 'application/json' ? parseJson(bytes) : parseYaml(bytes.toString());
  } catch (error) {
    const text = messageOf(error);
    throw refuse(media === 'application/json' ? unreadTypeMeta(text) : text);
  }
}

const mediaOf = (contentType: string | undefined): string =>
  contentType ? contentType.split(';')[0]!.trim().toLowerCase() : 'application/json';

const isYaml = (contentType: string | undefined): boolean => mediaOf(contentType) === 'application/yaml';

/** YAML as the JSON its decoder goes on with; nothing where there is nothing. */
const yamlAsJson = (value: unknown): string => (value === undefined || value === null ? '' : encodeJson(value));

/** As JSON so many items have 1.5 MiB, with what stands between them: etcd takes no such object. */
const mostProtobufItems = 1 << 19;

function parseProtobuf(bytes: Buffer, { kind, apiVersion, sameForm = [], type }: Expected, refuse: Refuse): unknown {
  const same = (version: string, name: string) =>
    name === kind && ([apiVersion, ...sameForm].includes(version) || type.startsWith('meta/'));
  try {
    return decodeProtobuf(bytes, (version, name) => (same(version, name) ? type : undefined), mostProtobufItems);
  } catch (error) {
    throw refuse(messageOf(error));
  }
}

/**
 * A body that can be asked what it is. A missing apiVersion or kind of a built-in kind is filled in; custom resources have to say both. Throws what
 * `refuse` makes of anything else; `text` is the body as JSON.
 */
export function objectWithKind(value: unknown, expected: Expected, refuse: Refuse, text: () => string): KubeObject {
  const problem = objectTypeProblem(value, expected, text);
  if (problem !== undefined) throw refuse(problem);
  const object = value as unknown as KubeObject;
  object.kind ||= expected.kind;
  if (!expected.dynamic) object.apiVersion ||= expected.apiVersion;
  return object;
}

/** Why what a value says it is cannot be read, or is not said by a custom resource; undefined: it can. */
export function objectTypeProblem(value: unknown, { dynamic }: Expected, text: () => string): string | undefined {
  const problem = typeMetaProblem(value);
  if (problem !== undefined) return problem;
  return dynamic && !(value as Partial<KubeObject>).kind ? `Object 'Kind' is missing in '${text()}'` : undefined;
}

/** What is wrong with a custom resource whose apiVersion is null. */
export const nullVersion = '.apiVersion accessor error: <nil> is of the type <nil>, expected string';

/** Throws BadRequest, and Invalid for a custom resource, where apiVersion or kind are another kind's. */
function checkTypeMeta(object: KubeObject, expected: Expected, scheme: Scheme): void {
  const { kind = '', apiVersion = '' } = object;
  if (kind === expected.kind && apiVersion === expected.apiVersion) return;
  const version = versionOf(apiVersion);
  if (expected.dynamic) {
    if (apiVersion !== expected.apiVersion) throw otherVersion(apiVersion, expected);
    if (expected.anyKind) return;
    throw otherResource(object, expected);
  }
  const isOtherVersion = kind === expected.kind && groupOf(apiVersion) === groupOf(expected.apiVersion);
  if (isOtherVersion && scheme.kind(apiVersion, kind)) throw otherVersion(apiVersion, expected);
  const problem = otherKind(apiVersion, kind, expected, scheme);
  throw badRequest(`${kind} in version "${version}" cannot be handled as a ${expected.kind}: ${problem}`);
}

/** Why an object of another kind, or of none, is not what is expected. `name`: what the scheme is called upstream. */
export function otherKind(
  apiVersion: string,
  kind: string,
  expected: Expected,
  scheme: Scheme,
  name = 'pkg/api/legacyscheme/scheme.go:30',
): string {
  const registered = scheme.kind(apiVersion, kind);
  return registered
    ? `converting (${goName(registered)}) to (${internalName(expected)}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${name}"`;
}

/** The error of an object that is another custom resource than the one expected, or in another version. */
export function otherResource({ apiVersion = '', kind = '', metadata }: KubeObject, expected: Expected): Error {
  const errors = (['kind', 'apiVersion'] as const).flatMap((field) => {
    const said = { kind, apiVersion }[field];
    return said === expected[field] ? [] : [invalid(new Path(field), said, `must be ${expected[field]}`)];
  });
  return invalidObject({ group: groupOf(apiVersion), kind }, metadata?.name ?? '', errors);
}

const otherVersion = (apiVersion: string, expected: Expected): Error =>
  badRequest(
    `the API version in the data (${apiVersion}) does not match the expected API version (${expected.apiVersion})`,
  );

/** Gives an object its type's form (unknown fields are dropped and named; a custom resource in place); wrong types are refused with the text `fail` makes. */
export function typedObject<T>(
  object: unknown,
  form: ObjectForm,
  fail: (problem: string) => Error,
): { object: T; unknown: string[] } {
  try {
    return decodeKindObject<T>(object, form);
  } catch (error) {
    if (error instanceof RangeError) throw fail('the object is nested too deeply');
    throw fail(messageOf(error));
  }
}

/** Upstream's decoder does not tell of more; pruning a custom resource does. */
const mostProblems = 100;
/** How long the names of the fields that a custom resource does not have may be together; only hostile ones have more. */
const mostUnknownText = 1 << 20;

function* withinText(texts: readonly string[], most: number): Generator<string> {
  let length = 0;
  for (const text of texts) {
    length += text.length;
    if (length > most) return;
    yield text;
  }
}

interface Reported {
  /** The object is a custom resource. */
  dynamic?: boolean;
  /** The JSON that all of it was found in, and in whose order it is told; else repeated fields come before unknown ones. */
  source?: Buffer;
  /** Other problems, told before these. */
  more?: readonly string[];
}

/** Does with unknown and repeated fields what the client asked for: refuse, warn, or nothing. A field that is both counts as unknown, but for custom resources. */
export function reportFields(
  unknown: readonly string[],
  { paths, lines }: RepeatedKeys,
  validation: FieldValidation,
  warn: (text: string) => void,
  fail: (problem: string) => Error,
  { dynamic = false, source, more = [] }: Reported = {},
): void {
  if (validation === 'Ignore' || unknown.length + paths.length + lines.length + more.length === 0) return;
  const unknownFields = new Set(paths.length > 0 ? unknown : []);
  const known = dynamic ? paths : outside(paths, unknownFields);
  const duplicate = (field: string) => `duplicate field ${JSON.stringify(field)}`;
  const strange = (field: string) => `unknown field ${dynamic ? `"${field}"` : JSON.stringify(field)}`;
  const repeated = [...more, ...known.map(duplicate)];
  let problems: string[];
  if (dynamic) {
    problems = [...repeated.slice(0, mostProblems), ...withinText(unknown.map(strange), mostUnknownText)];
  } else if (source && known.length > 0 && unknown.length > 0) {
    const fields = inOrderOfAppearance(source.toString(), unknown.slice(0, mostProblems), known);
    problems = [...more, ...fields.map((field) => (unknownFields.has(field) ? strange(field) : duplicate(field)))];
  } else problems = [...repeated, ...unknown.slice(0, mostProblems).map(strange)];
  if (!dynamic) problems = problems.slice(0, mostProblems);
  if (validation === 'Strict') {
    const yaml = lines.length === 0 ? [] : [yamlErrors({ paths, lines })];
    throw fail(`strict decoding error: ${[...yaml, ...problems].join(', ')}`);
  }
  for (const problem of [...lines, ...problems]) warn(problem);
}

/** The paths, as many as are told, that neither are nor lead below one of the fields. */
function outside(paths: readonly string[], fields: ReadonlySet<string>): string[] {
  // To cut a long path at each of its steps would take long; the fields are few as long as they are together.
  const lengths = new Set([...fields].map((field) => field.length));
  const isWithin = (path: string): boolean => {
    if (fields.has(path)) return true;
    for (const { index } of path.matchAll(/[.[]/g))
      if (lengths.has(index) && fields.has(path.slice(0, index))) return true;
    return false;
  };
  const found: string[] = [];
  for (const path of paths) {
    if (found.length === mostProblems) break;
    if (!isWithin(path)) found.push(path);
  }
  return found;
}

function unrecognized(kind: string, problem: string, bytes: Buffer) {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${problem} (${summary(bytes, 30)})`,
  );
}

function summary(bytes: Buffer, length: number): string {
  if (bytes.length === 0) return '<empty>';
  if (bytes[0] === 0x7b) {
    return bytes.length > length ? `${bytes.subarray(0, length).toString()} ...` : bytes.toString();
  }
  return bytes.length > length ? `${bytes.subarray(0, length).toString('hex')} ...` : bytes.toString('hex');
}

export function jsonTypeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' ? 'number' : typeof value;
}

function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function goName(kind: AnyKind): string {
  return `${kind.version}.${kind.kind}`;
}

function internalName({ type, kind }: Expected): string {
  return `${type.slice(0, type.indexOf('/'))}.${kind}`;
}
