import { encodeJson } from '../codec/json.ts';
import { clone, deepEqual, isObject, setOwn } from '../meta/object.ts';
import { Lists } from './long-list.ts';

/** How many operations one patch may have. */
export const maxJsonPatchOperations = 10_000;

/** How many bytes of JSON the copy operations of one patch may add. */
const maxCopiedBytes = 3 * 1024 * 1024;

/** A patch that is malformed or does not fit the document. The document is unchanged. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

/** A patch of more operations than are allowed: the request is too large, not wrong. */
export class TooManyOperationsError extends JsonPatchError {
  constructor(count: number) {
    super(`The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${count}`);
  }
}

export interface JsonPatchOperation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: unknown;
}

/**
 * Applies a JSON patch (RFC 6902) and returns the changed document; `document` itself stays as it is. As upstream, an index of an array
 * may be negative to count from its end. Throws JsonPatchError; then nothing was applied.
 */
export function applyJsonPatch<T>(document: T, operations: unknown): T {
  if (!Array.isArray(operations)) {
    throw new JsonPatchError('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  }
  if (operations.length > maxJsonPatchOperations) throw new TooManyOperationsError(operations.length);
  const root: Root = { document: clone(document) as unknown, lists: new Lists() };
  let copied = 0;
  for (const operation of operations as JsonPatchOperation[]) {
    const { op, path, from, value } = checked(operation);
    switch (op) {
      case 'add':
        add(root, path, clone(value), op);
        break;
      case 'remove':
        remove(root, path, op);
        break;
      case 'replace':
        replace(root, path, clone(value));
        break;
      case 'move':
        move(root, from!, path);
        break;
      case 'copy': {
        const source = root.lists.settle(find(root, from!, op));
        copied += Buffer.byteLength(encodeJson(source));
        if (copied > maxCopiedBytes) {
          throw new JsonPatchError(
            `Unable to copy, the accumulated size increase of copy is ${copied}, exceeding the limit ${maxCopiedBytes}`,
          );
        }
        add(root, path, clone(source), op);
        break;
      }
      case 'test':
        test(root, path, value);
    }
  }
  return root.lists.settle(root.document) as T;
}

interface Root {
  document: unknown;
  readonly lists: Lists;
}

const known = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function checked(operation: unknown): JsonPatchOperation {
  if (!isObject(operation))
    throw new JsonPatchError('json: cannot unmarshal value into Go value of type jsonpatch.Operation');
  const { op, path, from } = operation;
  if (typeof op !== 'string' || !known.has(op)) throw new JsonPatchError(`Unexpected kind: ${op ?? 'unknown'}`);
  if (typeof path !== 'string') throw new JsonPatchError(`${op} operation failed to decode path: missing value`);
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') {
    throw new JsonPatchError(`${op} operation failed to decode from: missing value`);
  }
  // A value that was not sent is null.
  return { value: null, ...operation } as unknown as JsonPatchOperation;
}

const unescapeStep = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');

/** The steps of a JSON pointer; without any it points to the whole document. */
function stepsOf(path: string, op: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw missing(op, path);
  return path.slice(1).split('/').map(unescapeStep);
}

/** The way to the place an operation is about is not there. */
function missing(op: string, path: string): JsonPatchError {
  const where =
    op === 'replace' || op === 'test'
      ? `doc is missing path: ${path}`
      : op === 'copy'
        ? `doc is missing from path: ${path}`
        : `doc is missing path: ${JSON.stringify(path)}`;
  return new JsonPatchError(`${op} operation does not apply: ${where}: missing value`);
}

class IndexError extends Error {}

/** An index into an array of `length` items; `length` itself where an item may be added there. */
function indexOf(step: string, length: number, adding: boolean): number {
  if (adding && step === '-') return length;
  if (!/^-?[0-9]+$/.test(step)) throw new IndexError(`strconv.Atoi: parsing ${JSON.stringify(step)}: invalid syntax`);
  const count = adding ? length + 1 : length;
  const index = Number(step) < 0 ? Number(step) + count : Number(step);
  if (index < 0 || index >= count) {
    throw new IndexError(`Unable to access invalid index: ${step}: invalid index referenced`);
  }
  return index;
}

/** Runs what may fail for an index, and says which operation it was. */
function at<T>(op: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof IndexError) throw new JsonPatchError(`error in ${op} for path: '${path}': ${error.message}`);
    throw error;
  }
}

/** The container that holds the last step of a path. */
function parentOf(root: Root, steps: readonly string[], path: string, op: string): object {
  let found: unknown = root.document;
  for (const step of steps.slice(0, -1)) found = childOf(root, found, step);
  if (typeof found !== 'object' || found === null) throw missing(op, path);
  return found;
}

/** undefined where there is none. */
function childOf({ lists }: Root, parent: unknown, step: string): unknown {
  if (Array.isArray(parent)) {
    const index = /^-?[0-9]+$/.test(step) ? Number(step) : Number.NaN;
    return lists.at(parent, index < 0 ? index + lists.length(parent) : index);
  }
  return isObject(parent) && Object.hasOwn(parent, step) ? parent[step] : undefined;
}

/** The value a path points to. As upstream, a key its object does not have reads as null. */
function find(root: Root, path: string, op: string): unknown {
  const steps = stepsOf(path, op);
  if (steps.length === 0) return root.document;
  const parent = parentOf(root, steps, path, op);
  const step = steps.at(-1)!;
  const { lists } = root;
  if (Array.isArray(parent)) {
    return at(op, path, () => lists.at(parent, indexOf(step, lists.length(parent), false)));
  }
  return childOf(root, parent, step) ?? null;
}

function add(root: Root, path: string, value: unknown, op: string): void {
  const steps = stepsOf(path, op);
  if (steps.length === 0) {
    root.document = value;
    return;
  }
  const parent = parentOf(root, steps, path, op);
  const step = steps.at(-1)!;
  const { lists } = root;
  if (Array.isArray(parent)) {
    at(op, path, () => lists.insert(parent, indexOf(step, lists.length(parent), true), value));
  } else setOwn(parent, step, value);
}

/** As upstream, a key its object does not have is added; an item its list does not have is an error. */
function replace(root: Root, path: string, value: unknown): void {
  const steps = stepsOf(path, 'replace');
  if (steps.length === 0) {
    root.document = value;
    return;
  }
  const parent = parentOf(root, steps, path, 'replace');
  const step = steps.at(-1)!;
  if (!Array.isArray(parent)) {
    setOwn(parent, step, value);
    return;
  }
  try {
    root.lists.set(parent, indexOf(step, root.lists.length(parent), false), value);
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    throw new JsonPatchError(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  }
}

function remove(root: Root, path: string, op: string): void {
  const steps = stepsOf(path, op);
  if (steps.length === 0) {
    root.document = null;
    return;
  }
  const parent = parentOf(root, steps, path, op);
  const step = steps.at(-1)!;
  const shown = op === 'move' ? step : path;
  if (Array.isArray(parent)) {
    at(op, shown, () => root.lists.remove(parent, indexOf(step, root.lists.length(parent), false)));
    return;
  }
  if (!Object.hasOwn(parent, step)) {
    throw new JsonPatchError(
      `error in ${op} for path: '${shown}': Unable to remove nonexistent key: ${step}: missing value`,
    );
  }
  delete (parent as Record<string, unknown>)[step];
}

function move(root: Root, from: string, path: string): void {
  const value = find(root, from, 'move');
  if (path === from) return;
  if (path.startsWith(`${from}/`)) throw new JsonPatchError(`move operation does not apply: ${path} is within ${from}`);
  remove(root, from, 'move');
  add(root, path, value, 'move');
}

function test(root: Root, path: string, value: unknown): void {
  if (!deepEqual(root.lists.settle(find(root, path, 'test')) ?? null, value ?? null)) {
    throw new JsonPatchError(`testing value ${path} failed: test failed`);
  }
}
