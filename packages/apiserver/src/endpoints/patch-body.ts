import { goText } from '@coracle/api/codec/go-text';
import { encodeJson } from '@coracle/api/codec/json';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { type FieldError, forbidden, invalid, Path, required } from '@coracle/api/meta/field-path';
import { messageOf } from '@coracle/api/meta/message-of';
import { clone, inKeyOrder, isObject, typeNameOf } from '@coracle/api/meta/object';
import {
  badRequest,
  invalidObject,
  mediaTypeWithoutRoute,
  requestEntityTooLarge,
  StatusError,
  unsupportedMediaType,
} from '@coracle/api/meta/status';
import { applyJsonPatch, TooManyOperationsError } from '@coracle/api/patch/json-patch';
import { applyMergePatch } from '@coracle/api/patch/merge-patch';
import { applyStrategicPatch } from '@coracle/api/patch/strategic';
import { objectSchemaOf } from '@coracle/api/schema';
import type { RequestContext } from '../chain/link.ts';
import { refuseVastPatch } from '../registry/size-limit.ts';
import { readBody } from './body.ts';
import type { Call } from './call.ts';
import {
  type Expected,
  jsonTypeOf,
  nullVersion,
  objectTypeProblem,
  otherKind,
  otherResource,
  reportFields,
  typedObject,
} from './decoding.ts';
import type { WriteOptions } from './options.ts';
import { checkPlace } from './place.ts';
import { nothingRepeated, type Parsed, parseJson, parseYaml, type RepeatedKeys, yamlErrors } from './repeated-keys.ts';

const types = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
} as const;

/** A patch as it came in. */
export interface Patch {
  type: (typeof types)[keyof typeof types];
  value: unknown;
  repeated: RepeatedKeys;
  /** What is odd about the operations of a JSON patch. */
  operations: readonly string[];
  /** Why it cannot be read: what there is no object for is told that first. */
  fault?: StatusError;
}

/** Reads a patch and checks that its options fit its type; throws UnsupportedMediaType, BadRequest, Invalid. */
export async function readPatch(context: RequestContext, kind: AnyKind, options: WriteOptions): Promise<Patch> {
  const media = (context.req.headers['content-type'] ?? '').split(';')[0]!.trim();
  // What merges strategically is said by tables of types, which custom resources do not have.
  const accepted = Object.keys(types).filter((each) => !kind.dynamic || !each.includes('strategic'));
  // Of what is built in it is the router that looks at the type, as upstream.
  if (!accepted.includes(media)) {
    const hasLength = context.req.headers['content-length'] !== undefined;
    throw kind.dynamic ? unsupportedMediaType(accepted) : mediaTypeWithoutRoute(hasLength);
  }
  const type = types[media as keyof typeof types];
  const errors: FieldError[] = [];
  if (type !== 'apply' && options.force !== undefined) {
    errors.push(forbidden(new Path('force'), 'may not be specified for non-apply patch'));
  }
  if (type === 'apply' && options.fieldManager === '') {
    errors.push(required(new Path('fieldManager'), 'is required for apply patch'));
  }
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', errors);
  const bytes = await readBody(context);
  try {
    return read(context, bytes, type, options);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { type, value: undefined, repeated: nothingRepeated, operations: [], fault: error };
  }
}

function read(context: RequestContext, bytes: Buffer, type: Patch['type'], options: WriteOptions): Patch {
  const { value: sent, repeated } = parse(bytes, type);
  // Nothing is an apply patch that says nothing.
  const value = type === 'apply' ? (sent ?? {}) : sent;
  if (type === 'json' ? !Array.isArray(value) : !isObject(value)) {
    if (type === 'merge' && value === null) throw badRequest('Invalid JSON Patch');
    const wanted = type === 'json' ? '[]handlers.jsonPatchOp' : 'map[string]interface {}';
    const problem = `json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ${wanted}`;
    throw undecodable(type, type === 'apply' ? `error unmarshaling JSON: while decoding JSON: ${problem}` : problem);
  }
  context.audit?.request(value);
  const operations =
    type === 'json' && options.fieldValidation !== 'Ignore' ? checkedOperations(value as unknown[], repeated) : [];
  return { type, value, repeated: type === 'json' ? nothingRepeated : repeated, operations };
}

const operationFields = new Set(['op', 'path', 'from', 'value']);

/** What is odd about the operations of a JSON patch: fields that no operation has, or that one has twice. Throws BadRequest where one has not the form. */
function checkedOperations(operations: readonly unknown[], { paths }: RepeatedKeys): string[] {
  const problems = paths.map((path) => `json patch duplicate field ${JSON.stringify(path)}`);
  for (const [i, operation] of operations.entries()) {
    if (operation === null) continue;
    if (!isObject(operation)) throw misshapen(operation, 'value of type handlers.jsonPatchOp');
    for (const [name, value] of Object.entries(operation)) {
      if (!operationFields.has(name)) problems.push(`json patch unknown field "[${i}].${name}"`);
      else if (name !== 'value' && value !== null && typeof value !== 'string')
        throw misshapen(value, `struct field jsonPatchOp.${name} of type string`);
    }
  }
  return problems;
}

const misshapen = (value: unknown, place: string): StatusError =>
  undecodable('json', `json: cannot unmarshal ${jsonTypeOf(value)} into Go ${place}`);

function undecodable(type: Patch['type'], problem: string): StatusError {
  if (type === 'apply') return badRequest(`error decoding YAML: ${problem}`);
  return badRequest(type === 'strategic' ? problem : `error decoding patch: ${problem}`);
}

/** The object a JSON, merge or strategic merge patch makes of `current`, in its type's form; `current` stays as it is. */
export function patchedObject(
  patch: Patch,
  current: object,
  expected: Expected,
  call: Call,
  options: WriteOptions,
): KubeObject {
  if (patch.fault) throw patch.fault;
  const patched = applied(patch, current, expected);
  // A custom resource is given its form in place, so it is made once more to be shown as it was before.
  const asJson = () => encodeJson(expected.dynamic ? inKeyOrder(applied(patch, current, expected)) : patched);
  const fail = (problem: string): StatusError =>
    invalidObject({ group: '', kind: '' }, '', [
      invalid(new Path('patch'), patch.type === 'strategic' ? goText(patch.value) : asJson(), problem),
    ]);
  if (!isObject(patched)) throw fail('the patched object is not an object');
  // A strategic merge patch is about the type it was sent to, whatever it says.
  if (patch.type === 'strategic') Object.assign(patched, { kind: expected.kind, apiVersion: expected.apiVersion });
  const problem = objectTypeProblem(patched, expected, asJson);
  if (problem !== undefined) throw fail(problem);
  if (expected.dynamic) checkCustomType(patched as unknown as KubeObject, expected, call, fail);
  const { kind = expected.kind, apiVersion = expected.apiVersion } = patched;
  if (!expected.dynamic && (kind !== expected.kind || apiVersion !== expected.apiVersion)) {
    // What a custom resource has beside itself, its scale, is of a scheme of its own.
    const scheme = call.kind.dynamic ? 'k8s.io/client-go/scale/util.go:146' : undefined;
    throw fail(otherKind(String(apiVersion), String(kind), expected, call.machinery.registry.scheme, scheme));
  }
  const typed = typedObject<KubeObject>(patched, expected, fail);
  reportFields(
    typed.unknown,
    patch.repeated,
    options.fieldValidation,
    (text) => call.context.warnings.add(text),
    fail,
    { dynamic: expected.dynamic !== undefined, more: patch.operations },
  );
  checkPlace(call, typed.object);
  return typed.object;
}

/** Throws where a patch made another resource of a custom resource; one of its status leaves alone what it is. */
function checkCustomType(
  patched: KubeObject,
  expected: Expected,
  { subresource }: Call,
  fail: (problem: string) => StatusError,
): void {
  if (patched.apiVersion === null) throw fail(nullVersion);
  if (patched.kind === expected.kind && patched.apiVersion === expected.apiVersion) return;
  if (subresource !== 'status' || !patched.apiVersion) throw otherResource(patched, expected);
  Object.assign(patched, { kind: expected.kind, apiVersion: expected.apiVersion });
}

/** The object an apply patch sends; throws BadRequest when it is of another kind. */
export function appliedObject(patch: Patch, kind: { apiVersion: string; kind: string }): KubeObject {
  if (patch.fault) throw patch.fault;
  const sent = clone(patch.value) as KubeObject;
  if (sent.kind !== kind.kind || sent.apiVersion !== kind.apiVersion) {
    throw badRequest(`invalid object type: ${typeNameOf(sent)}`);
  }
  if (!isObject(sent.metadata)) sent.metadata = {};
  return sent;
}

/** Does with keys that an apply patch says twice what the client asked for. */
export function reportRepeated({ repeated }: Patch, { fieldValidation }: WriteOptions, { context }: Call): void {
  if (repeated.lines.length === 0 || fieldValidation === 'Ignore') return;
  if (fieldValidation === 'Strict') {
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${yamlErrors(repeated)}`);
  }
  for (const line of repeated.lines) context.warnings.add(line);
}

function applied(patch: Patch, current: object, expected: Expected): unknown {
  try {
    if (patch.type === 'json') return applyJsonPatch(current, patch.value);
    if (patch.type === 'merge') return applyMergePatch(current, patch.value);
    return applyStrategicPatch(current, patch.value, objectSchemaOf(expected.type));
  } catch (error) {
    if (error instanceof StatusError || !(error instanceof Error)) throw error;
    if (error instanceof TooManyOperationsError) throw requestEntityTooLarge(error.message);
    if (patch.type === 'strategic') throw badRequest(error.message);
    throw new StatusError({
      code: 422,
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
      details: {},
    });
  }
}

function parse(bytes: Buffer, type: Patch['type']): Parsed {
  const yaml = type === 'apply' ? bytes.toString() : undefined;
  // JSON is YAML, and read faster; which line says a key again only YAML's reader knows.
  const isJson = yaml === undefined || yaml.trimStart().startsWith('{');
  if (isJson) refuseVastPatch(bytes);
  try {
    if (!isJson) return parseYaml(yaml);
    const parsed = parseJson(yaml ?? bytes);
    return yaml === undefined || parsed.repeated.paths.length === 0 ? parsed : parseYaml(yaml);
  } catch (error) {
    const text = messageOf(error);
    throw undecodable(type, type === 'apply' ? `error converting YAML to JSON: ${text}` : text);
  }
}
