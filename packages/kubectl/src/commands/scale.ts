import { messageOf } from '@coracle/api/meta/message-of';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, Failures, throwAll } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { outputFlags } from '../print/printer.ts';
import { type AnyObject, pathOf } from '../resources/resource.ts';
import { fetchObject, type Info, select } from '../resources/selection.ts';
import { timedOut } from '../resources/until-gone.ts';
import { watch } from '../rest/watch.ts';
import { outcome } from './outcome.ts';
import { dryRunFlag, dryRunOf, filenameFlags, filenamesOf, selectorFlag } from './shared-flags.ts';

export const command: Command = {
  name: 'scale',
  short: 'Set the number of replicas',
  usage: 'scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)',
  examples: 'kubectl scale deployment web --replicas=3\nkubectl scale --current-replicas=2 --replicas=3 deployment/web',
  flags: [
    boolFlag('all', false, 'All objects of the types named'),
    ...outputFlags,
    intFlag('current-replicas', -1, 'Only scale what has this number now'),
    dryRunFlag,
    ...filenameFlags,
    intFlag('replicas', 0, 'The number wanted', { required: true }),
    stringFlag('resource-version', '', 'Only scale an object of this version'),
    selectorFlag,
    durationFlag('timeout', 0, 'How long to wait for the replicas; 0 does not wait'),
  ],
  run: scale,
};

interface Scale extends AnyObject {
  spec?: { replicas?: number };
}

async function scale(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const replicas = flags.int('replicas');
  if (replicas < 0)
    throw new CommandFailure('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  if (flags.changed('current-replicas') && flags.int('current-replicas') < -1) {
    throw new CommandFailure('The --current-replicas must specify an integer of -1 or greater');
  }
  const dryRun = dryRunOf(flags);
  const told = await outcome(call, dryRun);
  const { infos, errors } = await select(session, terminal, {
    args,
    filenames: filenamesOf(flags),
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    all: flags.bool('all'),
    fetch: true,
  });
  if (infos.length === 0) {
    const why = errors.length === 0 ? '' : ` ${messageOf(errors.length === 1 ? errors[0] : new Failures(errors))}`;
    throw new CommandFailure(`no objects passed to scale${why}`);
  }
  throwAll(errors);
  if (infos.length > 1 && flags.string('resource-version') !== '') {
    throw new CommandFailure('cannot use --resource-version with multiple resources');
  }
  for (const info of infos) {
    if (dryRun !== 'client') await scaleOne(call, info, replicas, dryRun === 'server');
    told.tell(info.resource, info.object!, 'scaled');
  }
  if (flags.duration('timeout') > 0 && dryRun === 'none') {
    for (const info of infos) await untilScaled(call, info, replicas, flags.duration('timeout'));
  }
}

async function scaleOne({ flags, session }: Call, info: Info, replicas: number, serverDryRun: boolean): Promise<void> {
  const path = pathOf(info.resource, info.namespace, info.name, 'scale');
  const query = serverDryRun ? { dryRun: 'All' } : {};
  const expected = flags.int('current-replicas');
  const version = flags.string('resource-version');
  if (expected < 0 && version === '') {
    await session.rest.json('PATCH', path, {
      query,
      body: `{"spec":{"replicas":${replicas}}}`,
      contentType: 'application/merge-patch+json',
    });
    return;
  }
  const current = await session.rest.json<Scale>('GET', path);
  const now = current.spec?.replicas ?? 0;
  if (expected >= 0 && now !== expected) throw new CommandFailure(`Expected replicas to be ${expected}, was ${now}`);
  const has = current.metadata.resourceVersion ?? '';
  if (version !== '' && version !== has)
    throw new CommandFailure(`Expected resource version to be ${version}, was ${has}`);
  await session.rest.json('PUT', path, { query, body: { ...current, spec: { ...current.spec, replicas } } });
}

interface Scaled extends AnyObject {
  status?: { replicas?: number; observedGeneration?: number };
}

async function untilScaled({ session }: Call, info: Info, replicas: number, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const done = (object: Scaled): boolean =>
    (object.status?.observedGeneration ?? 0) >= (object.metadata.generation ?? 0) &&
    (object.status?.replicas ?? 0) === replicas;
  const object = (await fetchObject(session, info)) as Scaled;
  if (done(object)) return;
  const query = { fieldSelector: `metadata.name=${info.name}`, resourceVersion: object.metadata.resourceVersion };
  for await (const event of watch(session.rest, pathOf(info.resource, info.namespace), { query, signal })) {
    if (event.type === 'MODIFIED' && done(event.object as Scaled)) return;
  }
  throw timedOut(info);
}
