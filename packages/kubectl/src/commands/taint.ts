import { messageOf } from '@coracle/api/meta/message-of';
import { isLabelValue, isQualifiedName } from '@coracle/api/meta/names';
import type { Node, Taint } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll, UsageFailure } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import { outputFlags } from '../print/printer.ts';
import { select } from '../resources/selection.ts';
import { patchObject } from '../resources/writes.ts';
import { outcome } from './outcome.ts';
import { resourcesAndPairs } from './pairs.ts';
import { patchOf } from './pod-template.ts';
import { dryRunFlag, dryRunOf, fieldManagerFlag, selectorFlag } from './shared-flags.ts';

export const command: Command = {
  name: 'taint',
  short: 'Change the taints of nodes',
  usage: 'taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N',
  examples: 'kubectl taint nodes one dedicated=db:NoSchedule\nkubectl taint nodes one dedicated-',
  flags: [
    boolFlag('all', false, 'All nodes'),
    ...outputFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-taint'),
    boolFlag('overwrite', false, 'Change taints that are there already'),
    selectorFlag,
  ],
  run: taint,
};

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

interface Wanted {
  readonly add: Taint[];
  /** Without an effect: of any. */
  readonly remove: { key: string; effect?: string }[];
}

async function taint(call: Call): Promise<void> {
  const { args, flags, path, session, terminal } = call;
  const { resources, pairs } = resourcesAndPairs(args, 'taint');
  const all = flags.bool('all');
  const selector = flags.string('selector');
  if (resources.length === 0 || (resources.length < 2 && !all && selector === '')) {
    throw new CommandFailure('one or more resources must be specified as <resource> <name>');
  }
  const [type] = resources;
  const resource = (await session.mapper()).forArgument(type!);
  if (resource.name !== 'nodes')
    throw new CommandFailure(`invalid resource type ${type}, only node types are supported`);
  let wanted: Wanted;
  try {
    wanted = parseTaints(pairs);
  } catch (error) {
    throw new UsageFailure(path, messageOf(error));
  }
  if (wanted.add.length === 0 && wanted.remove.length === 0)
    throw new CommandFailure('at least one taint update is required');
  const dryRun = dryRunOf(flags);
  const told = await outcome(call, dryRun);
  const { infos, errors } = await select(session, terminal, { args: resources, selector, all, fetch: true });
  throwAll(errors);
  const failed: unknown[] = [];
  for (const info of infos) {
    try {
      let operation = '';
      const patch = patchOf(info, (object) => {
        const node = object as unknown as Node;
        operation = change(node, wanted, flags.bool('overwrite'));
      });
      const object =
        dryRun === 'client' || !patch
          ? info.object!
          : await patchObject(session, info, patch.type, patch.body, {
              fieldManager: flags.string('field-manager'),
              serverDryRun: dryRun === 'server',
            });
      told.tell(info.resource, object, operation);
    } catch (error) {
      failed.push(error);
    }
  }
  throwAll(failed);
}

/** `key=value:Effect`, `key:Effect`, `key:Effect-` and `key-`. */
export function parseTaints(specs: readonly string[]): Wanted {
  const add: Taint[] = [];
  const remove: Wanted['remove'] = [];
  for (const spec of specs) {
    const removing = spec.endsWith('-');
    const text = removing ? spec.slice(0, -1) : spec;
    const colon = text.indexOf(':');
    const effect = colon < 0 ? '' : text.slice(colon + 1);
    // Without an effect the whole is a key, which `=` then makes a bad one.
    const [key = '', value = '', ...more] = colon < 0 ? [text] : text.slice(0, colon).split('=');
    const wrongKey = isQualifiedName(key);
    if (wrongKey.length > 0) throw new CommandFailure(`invalid taint spec: ${text}, ${wrongKey.join('; ')}`);
    const wrongValue = isLabelValue(value);
    if (more.length > 0 || (colon < 0 && !removing)) throw new CommandFailure(`invalid taint spec: ${spec}`);
    if (wrongValue.length > 0) throw new CommandFailure(`invalid taint spec: ${text}, ${wrongValue.join('; ')}`);
    if (effect !== '' && !effects.includes(effect))
      throw new CommandFailure(`invalid taint effect: ${effect}, unsupported taint effect`);
    if (removing) remove.push({ key, ...(effect === '' ? {} : { effect }) });
    else {
      if (add.some((each) => each.key === key && each.effect === effect)) {
        throw new CommandFailure(`duplicated taints with the same key and effect: {${key} ${value} ${effect} <nil>}`);
      }
      add.push({ key, ...(value === '' ? {} : { value }), effect: effect as Taint['effect'] });
    }
  }
  return { add, remove };
}

/** Changes the node's taints in place; returns the word for it. */
function change(node: Node, { add, remove }: Wanted, overwrite: boolean): string {
  node.spec ??= {};
  const before = node.spec.taints ?? [];
  const same = (a: { key: string; effect?: string }, b: Taint): boolean =>
    a.key === b.key && (a.effect === undefined || a.effect === b.effect);
  const taken = add.filter((each) => before.some((old) => same(each, old)));
  if (!overwrite && taken.length > 0) {
    throw new CommandFailure(
      `node ${node.metadata.name} already has ${taken.map((each) => each.key).join(',')} taint(s) with same effect(s) and --overwrite is false`,
    );
  }
  const missing = remove.filter((each) => !before.some((old) => same(each, old)));
  if (missing.length > 0) {
    throw new CommandFailure(
      missing
        .map((each) => `taint ${JSON.stringify(each.key + (each.effect ? `:${each.effect}` : ''))} not found`)
        .join('\n'),
    );
  }
  const kept = before.filter((old) => !remove.some((each) => same(each, old)) && !add.some((each) => same(each, old)));
  node.spec.taints = [...add, ...kept];
  if (node.spec.taints.length === 0) delete node.spec.taints;
  if (taken.length > 0) return 'modified';
  return add.length > 0 ? (remove.length > 0 ? 'modified' : 'tainted') : 'untainted';
}
