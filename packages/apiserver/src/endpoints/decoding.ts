import { decodeKindObject, type ObjectForm } from '@coracle/api/codec/kind-object';
import { decodeProtobuf, protobufType } from '@coracle/api/codec/protobuf';
import type { AnyKind, DynamicType, KubeObject } from '@coracle/api/kind';
import { invalid, Path } from '@coracle/api/meta/field-path';
import { isObject } from '@coracle/api/meta/object';
import { badRequest, invalidObject, unsupportedMediaType } from '@coracle/api/meta/status';
import type { Scheme } from '@coracle/api/scheme';
import { mediaTypes, textTypes } from './negotiation.ts';
import type { FieldValidation } from './options.ts';
import { nothingRepeated, type Parsed, parseJson, parseYaml, type RepeatedKeys, yamlErrors } from './repeated-keys.ts';

/** What a body must be. */
export interface Expected extends ObjectForm {
  /** `Pod`, as messages name it. */
  kind: string;
  apiVersion: string;
}

/** Decodes a request body into an object of the expected kind; a missing apiVersion or kind is filled in. */
export function decodeObject(
  bytes: Buffer,
  contentType: string | undefined,
  expected: Expected,
  scheme: Scheme,
  validation: FieldValidation,
  warn: (text: string) => void,
): KubeObject {
  const { value, repeated } = parseBody(bytes, contentType, expected);
  if (!isObject(value))
    throw unrecognized(
      expected.kind,
      `json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type struct`,
      bytes,
    );
  const object = value as unknown as KubeObject;
  checkTypeMeta(object, expected, scheme);
  const fail = (problem: string) =>
    badRequest(
      `${object.kind} in version "${versionOf(object.apiVersion!)}" cannot be handled as a ${expected.kind}: ${problem}`,
    );
  const typed = typedObject<KubeObject>(object, expected, fail);
  reportFields(typed.unknown, repeated, validation, warn, fail);
  return typed.object;
}

/** Parses JSON, YAML or protobuf by content type; throws UnsupportedMediaType, BadRequest. */
export function parseBody(bytes: Buffer, contentType: string | undefined, expected: Expected): Parsed {
  const { kind } = expected;
  const media = (contentType ?? '').split(';')[0]!.trim().toLowerCase() || 'application/json';
  if (media === protobufType && !expected.dynamic)
    return { value: parseProtobuf(bytes, expected), repeated: nothingRepeated };
  const accepted: readonly string[] = expected.dynamic ? textTypes : mediaTypes;
  if (!accepted.includes(media)) throw unsupportedMediaType(accepted);
  try {
    return media === 'application/json' ? parseJson(bytes) : parseYaml(bytes.toString());
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${text}`, bytes);
  }
}

function parseProtobuf(bytes: Buffer, { kind, apiVersion, type }: Expected): unknown {
  const same = (version: string, name: string) => name === kind && (version === apiVersion || type.startsWith('meta/'));
  try {
    return decodeProtobuf(bytes, (version, name) => (same(version, name) ? type : undefined));
  } catch (error) {
    throw unrecognized(kind, error instanceof Error ? error.message : String(error), bytes);
  }
}

/** Fills in apiVersion and kind where they are missing; throws BadRequest, and Invalid for a custom resource, when they are another kind's. */
function checkTypeMeta(object: KubeObject, expected: Expected, scheme: Scheme): void {
  const { kind, apiVersion } = object;
  if (
    (kind !== undefined && typeof kind !== 'string') ||
    (apiVersion !== undefined && typeof apiVersion !== 'string')
  ) {
    const field = typeof kind === 'string' || kind === undefined ? 'apiVersion' : 'kind';
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf((object as unknown as Record<string, unknown>)[field])} into Go struct field .${field} of type string`,
    );
  }
  object.kind = kind || expected.kind;
  object.apiVersion = apiVersion || expected.apiVersion;
  if (object.kind === expected.kind && object.apiVersion === expected.apiVersion) return;
  const version = versionOf(object.apiVersion);
  if (expected.dynamic) throw otherResource(object, expected, expected.dynamic);
  const isOtherVersion = object.kind === expected.kind && groupOf(object.apiVersion) === groupOf(expected.apiVersion);
  if (isOtherVersion && scheme.kind(object.apiVersion, object.kind)) throw otherVersion(object.apiVersion, expected);
  const problem = otherKind(object.apiVersion, object.kind, expected, scheme);
  throw badRequest(`${object.kind} in version "${version}" cannot be handled as a ${expected.kind}: ${problem}`);
}

/** Why an object of another kind, or of none, is not what is expected. */
export function otherKind(apiVersion: string, kind: string, expected: Expected, scheme: Scheme): string {
  const registered = scheme.kind(apiVersion, kind);
  return registered
    ? `converting (${goName(registered)}) to (${internalName(expected)}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
}

/** The error of a body that is another custom resource than the one expected, or in another version. */
function otherResource(
  { apiVersion = '', kind = '', metadata }: KubeObject,
  expected: Expected,
  dynamic: DynamicType,
): Error {
  if (!dynamic.version(apiVersion)) {
    return badRequest(
      `${kind} in version "${versionOf(apiVersion)}" cannot be handled as a ${expected.kind}: request to convert CR from an invalid group/version: ${apiVersion}`,
    );
  }
  if (apiVersion !== expected.apiVersion) return otherVersion(apiVersion, expected);
  const error = invalid(new Path('kind'), kind, `must be ${expected.kind}`);
  return invalidObject({ group: groupOf(apiVersion), kind: expected.kind }, metadata?.name ?? '', [error]);
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
    throw fail(error instanceof Error ? error.message : String(error));
  }
}

/** Upstream's decoder does not tell of more. */
const mostProblems = 100;

/** Does with unknown and repeated fields what the client asked for: refuse, warn, or nothing. A field that is both counts as unknown. */
export function reportFields(
  unknown: readonly string[],
  { paths, lines }: RepeatedKeys,
  validation: FieldValidation,
  warn: (text: string) => void,
  fail: (problem: string) => Error,
): void {
  if (validation === 'Ignore' || unknown.length + paths.length + lines.length === 0) return;
  const unknownFields = new Set(unknown);
  const known = paths.filter((path) => !isWithin(path, unknownFields));
  const problems = [
    ...known.map((field) => `duplicate field ${JSON.stringify(field)}`),
    ...unknown.map((field) => `unknown field ${JSON.stringify(field)}`),
  ].slice(0, mostProblems);
  if (validation === 'Strict') {
    const yaml = lines.length === 0 ? [] : [yamlErrors({ paths, lines })];
    throw fail(`strict decoding error: ${[...yaml, ...problems].join(', ')}`);
  }
  for (const problem of [...lines, ...problems]) warn(problem);
}

/** Whether a path is one of the fields, or leads below one. */
function isWithin(path: string, fields: ReadonlySet<string>): boolean {
  if (fields.has(path)) return true;
  for (const { index } of path.matchAll(/[.[]/g)) if (fields.has(path.slice(0, index))) return true;
  return false;
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
