import { goText } from '@coracle/api/codec/go-text';
import { JsonPath, relaxed } from '@coracle/api/jsonpath/jsonpath';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag, durationFlag, stringFlag } from '../cli/flags.ts';
import { outputFlags } from '../print/printer.ts';
import { type AnyObject, pathOf } from '../resources/resource.ts';
import { fetchObject, type Info, type Selection, select } from '../resources/selection.ts';
import { timedOut, waitUntilGone } from '../resources/until-gone.ts';
import { watch } from '../rest/watch.ts';
import { isNotFoundError } from './get/get.ts';
import { type Outcome, outcome } from './outcome.ts';
import { allNamespacesFlag, fieldSelectorFlag, filenameFlags, filenamesOf, selectorFlag } from './shared-flags.ts';

export const command: Command = {
  name: 'wait',
  short: 'Wait until objects are in a state',
  usage:
    "wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
  examples:
    "kubectl wait --for=condition=Ready pod/web-1\nkubectl wait --for=jsonpath='{.status.phase}'=Running pod/web-1\nkubectl wait --for=delete pod/web-1 --timeout=60s",
  flags: [
    boolFlag('all', false, 'All objects of the types named'),
    allNamespacesFlag,
    ...outputFlags,
    fieldSelectorFlag,
    ...filenameFlags,
    stringFlag('for', '', "create, delete, condition=NAME[=VALUE] or jsonpath='{…}'[=VALUE]"),
    boolFlag('local', false, 'Refused: waiting needs a server'),
    selectorFlag,
    durationFlag('timeout', 30_000, 'How long to wait; 0 looks once, a negative value waits a week'),
  ],
  run: waitCommand,
};

/** Whether an object is in the state waited for. */
type Condition = (object: AnyObject) => boolean;

async function waitCommand(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const wanted = flags.string('for');
  const filenames = filenamesOf(flags);
  const told = await outcome(call);
  const timeout = flags.duration('timeout') < 0 ? 168 * 3_600_000 : flags.duration('timeout');
  const selection: Selection = {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    fieldSelector: flags.string('field-selector'),
    all: flags.bool('all'),
    allNamespaces: flags.bool('all-namespaces'),
  };
  const condition =
    wanted.toLowerCase() === 'delete' || wanted.toLowerCase() === 'create' ? undefined : conditionOf(wanted);
  if (flags.bool('local')) throw new CommandFailure('--local is not supported by this kubectl for wait');
  const deadline = AbortSignal.timeout(Math.min(Math.max(timeout, 0), 2 ** 31 - 1));
  if (wanted.toLowerCase() === 'create') return untilCreated(call, selection, deadline, told);
  const deleting = condition === undefined;
  const { infos, errors } = await select(session, terminal, { ...selection, fetch: true });
  const failed = deleting ? errors.filter((error) => !isNotFoundError(error)) : [...errors];
  throwAll(failed);
  if (infos.length === 0 && errors.length === 0 && !deleting) throw new CommandFailure('no matching resources found');
  for (const info of infos) {
    try {
      const object = deleting
        ? await untilDeleted(call, info, deadline, timeout)
        : await untilMet(call, info, condition!, deadline, timeout);
      told.tell(info.resource, object, 'condition met');
    } catch (error) {
      failed.push(error);
    }
  }
  throwAll(failed);
}

function conditionOf(wanted: string): Condition {
  const lower = wanted.toLowerCase();
  if (lower.startsWith('condition=')) {
    const [name = '', value = 'true'] = wanted.slice('condition='.length).split('=');
    return (object) => conditionMet(object, name, value);
  }
  if (lower.startsWith('jsonpath=')) return jsonPathCondition(wanted.slice('jsonpath='.length));
  throw new CommandFailure(`unrecognized condition: ${JSON.stringify(wanted)}`);
}

interface Conditioned extends AnyObject {
  status?: {
    conditions?: { type: string; status: string; observedGeneration?: number }[];
    observedGeneration?: number;
  };
}

function conditionMet(object: AnyObject, name: string, value: string): boolean {
  const { metadata, status } = object as Conditioned;
  const found = status?.conditions?.find((each) => each.type.toLowerCase() === name.toLowerCase());
  if (!found) return false;
  const observed = found.observedGeneration ?? status?.observedGeneration;
  if (observed !== undefined && observed < (metadata.generation ?? 0)) return false;
  return found.status.toLowerCase() === value.toLowerCase();
}

/** `{.path}` (any value) or `{.path}=value`. */
function jsonPathCondition(text: string): Condition {
  const end = text.lastIndexOf('}');
  const equals = text.indexOf('=', Math.max(end, 0));
  const expression = equals < 0 ? text : text.slice(0, equals);
  const expected = equals < 0 ? undefined : text.slice(equals + 1);
  if (expression === '') throw new CommandFailure('jsonpath expression cannot be empty');
  if (expected === '') throw new CommandFailure('jsonpath wait has to have a value after equal sign');
  const unquoted = expected?.replace(/^'(.*)'$|^"(.*)"$/s, '$1$2');
  const path = new JsonPath(relaxed(expression), { allowMissing: true });
  return (object) => {
    const results = path.find(object).flat();
    if (results.length === 0) return false;
    if (unquoted === undefined) return true;
    if (results.length > 1) throw new CommandFailure('given jsonpath expression matches more than one value');
    if (typeof results[0] === 'object' && results[0] !== null) {
      throw new CommandFailure('jsonpath leads to a nested object or list which is not supported');
    }
    return goText(results[0]) === unquoted;
  };
}

/** Looks at an object now and after each change until it is as wanted. */
async function untilMet(
  { session }: Call,
  info: Info,
  condition: Condition,
  deadline: AbortSignal,
  timeoutMs: number,
): Promise<AnyObject> {
  let object = info.object!;
  for (;;) {
    if (condition(object)) return object;
    if (timeoutMs === 0) throw new CommandFailure(`condition not met for ${info.resource.name}/${info.name}`);
    const query = { fieldSelector: `metadata.name=${info.name}`, resourceVersion: object.metadata.resourceVersion };
    for await (const event of watch(session.rest, pathOf(info.resource, info.namespace), { query, signal: deadline })) {
      if (event.type === 'DELETED') throw new CommandFailure('condition not met because the object was deleted');
      if (event.type !== 'BOOKMARK' && condition(event.object)) return event.object;
    }
    if (deadline.aborted) throw timedOut(info);
    object = await fetchObject(session, info);
  }
}

async function untilDeleted(
  { session }: Call,
  info: Info,
  deadline: AbortSignal,
  timeoutMs: number,
): Promise<AnyObject> {
  if (timeoutMs === 0) throw new CommandFailure(`condition not met for ${info.resource.name}/${info.name}`);
  if (deadline.aborted) throw timedOut(info);
  await waitUntilGone(session, [{ info, uid: info.object?.metadata.uid ?? '' }], timeoutMs);
  return info.object!;
}

const pollMs = 1000;

/** Asks until everything named is there. */
async function untilCreated(call: Call, selection: Selection, deadline: AbortSignal, told: Outcome): Promise<void> {
  const { session, terminal } = call;
  for (;;) {
    const { infos, errors } = await select(session, terminal, { ...selection, fetch: true });
    throwAll(errors.filter((error) => !isNotFoundError(error)));
    if (errors.length === 0 && infos.length > 0) {
      for (const info of infos) told.tell(info.resource, info.object!, 'condition met');
      return;
    }
    if (deadline.aborted) throw new CommandFailure('timed out waiting for the condition');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
