import { messageOf } from '@coracle/api/meta/message-of';
import { applyMergePatch } from '@coracle/api/patch/merge-patch';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, ExitFailure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag, stringsFlag } from '../cli/flags.ts';
import { withOwnManifest } from '../manifests/last-applied.ts';
import { outputFlags } from '../print/printer.ts';
import { type AnyObject, pathOf } from '../resources/resource.ts';
import { fetchObject, type Info } from '../resources/selection.ts';
import { createObject } from '../resources/writes.ts';
import { remoteOptions, runRemote } from '../rest/remote-command.ts';
import { watch } from '../rest/watch.ts';
import { manifestNamespace } from './create/generator.ts';
import { deleteInfos, deletionOf } from './delete.ts';
import { parseLabels } from './label.ts';
import { outcome } from './outcome.ts';
import { cascadeFlag, dryRunFlag, dryRunOf, fieldManagerFlag, filenameFlags } from './shared-flags.ts';

export const command: Command = {
  name: 'run',
  short: 'Run an image in a pod',
  usage:
    'run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]',
  examples: 'kubectl run web --image=nginx\nkubectl run -it --rm shell --image=busybox --restart=Never -- sh',
  flags: [
    ...outputFlags,
    stringsFlag('annotations', [], 'Annotation KEY=VALUE; may be repeated'),
    boolFlag('attach', false, 'Attach to the container once it runs'),
    cascadeFlag,
    boolFlag('command', false, 'The words after -- are the command, not its arguments'),
    dryRunFlag,
    stringsFlag('env', [], 'Environment variable KEY=VALUE; may be repeated'),
    boolFlag('expose', false, 'Refused: use kubectl expose'),
    fieldManagerFlag('kubectl-run'),
    ...filenameFlags,
    boolFlag('force', false, 'With --rm: delete at once'),
    intFlag('grace-period', -1, 'With --rm: seconds the container has to end'),
    stringFlag('image', '', 'The image', { required: true }),
    stringFlag('image-pull-policy', '', 'Always, IfNotPresent or Never'),
    stringFlag('labels', '', 'Labels of the pod: a=b,c=d', { short: 'l' }),
    boolFlag('leave-stdin-open', false, 'Keep stdin open after the first attach ends'),
    stringFlag('override-type', 'merge', 'How --overrides is applied: only merge'),
    stringFlag('overrides', '', 'JSON to put over the pod'),
    durationFlag('pod-running-timeout', 60_000, 'How long to wait until the pod runs'),
    stringFlag('port', '', 'Port the container listens on'),
    boolFlag('privileged', false, 'Run the container privileged'),
    boolFlag('quiet', false, 'Show only what is asked for', { short: 'q' }),
    stringFlag('restart', 'Always', 'Always, OnFailure or Never'),
    boolFlag('rm', false, 'Delete the pod when the attach ends'),
    boolFlag('save-config', false, 'Keep the manifest in the annotation that apply uses'),
    boolFlag('stdin', false, 'Keep stdin open', { short: 'i' }),
    durationFlag('timeout', 0, 'With --rm: how long to wait for the deletion'),
    boolFlag('tty', false, 'Give the container a terminal', { short: 't' }),
    boolFlag('wait', false, 'With --rm: wait until the pod is gone'),
  ],
  run,
};

async function run(call: Call): Promise<void> {
  const { args, flags, path, session, terminal } = call;
  const [name] = args;
  if (args.length === 0) throw new UsageFailure(path, 'NAME is required for run');
  const attach = flags.changed('attach') ? flags.bool('attach') : flags.bool('stdin');
  checkFlags(call, attach);
  const dryRun = dryRunOf(flags);
  const pod = overridden(podFor(call, name!), flags.string('overrides'));
  const told = await outcome(call, dryRun, { keepOrder: true });
  const shape = { kind: 'Pod', group: '' };
  const object = flags.bool('save-config') ? withOwnManifest(pod) : pod;
  if (dryRun === 'client') {
    told.tell(shape, object, 'created');
    return;
  }
  const resource = (await session.mapper()).forKind('v1', 'Pod');
  const info: Info = { resource, namespace: session.namespace().namespace, name: pod.metadata.name!, source: '' };
  const created = await createObject(session, info, object, {
    serverDryRun: dryRun === 'server',
    fieldManager: flags.string('field-manager'),
  });
  if (!attach || dryRun === 'server') {
    told.tell(shape, created, 'created');
    return;
  }
  try {
    await attachTo(call, info);
  } finally {
    if (flags.bool('rm'))
      await deleteInfos(call, [info], [], { ...deletionOf(flags, terminal.stderr), quiet: flags.bool('quiet') }, true);
  }
}

function checkFlags({ flags, args, dash, path }: Call, attach: boolean): void {
  if (flags.string('image') === '' || /\s/.test(flags.string('image'))) {
    throw new CommandFailure(`Invalid image name ${JSON.stringify(flags.string('image'))}: invalid reference format`);
  }
  if (flags.bool('tty') && !flags.bool('stdin'))
    throw new UsageFailure(path, 'stdin is required for containers with -t/--tty');
  if (flags.bool('expose')) throw new CommandFailure('--expose is not supported by this kubectl: use kubectl expose');
  if (flags.string('override-type') !== 'merge')
    throw new CommandFailure(
      `--override-type=${flags.string('override-type')} is not supported by this kubectl, only merge`,
    );
  if (flags.bool('rm') && !attach) throw new UsageFailure(path, '--rm should only be used for attached containers');
  if (attach && dryRunOf(flags) !== 'none')
    throw new CommandFailure(
      "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
    );
  if (
    flags.string('image-pull-policy') !== '' &&
    !['Always', 'IfNotPresent', 'Never'].includes(flags.string('image-pull-policy'))
  ) {
    throw new CommandFailure(`invalid image pull policy: ${flags.string('image-pull-policy')}`);
  }
  if (!['Always', 'OnFailure', 'Never'].includes(flags.string('restart'))) {
    throw new UsageFailure(path, `invalid restart policy: ${flags.string('restart')}`);
  }
  if (dash > 1) throw new UsageFailure(path, `unexpected arguments: [${args.slice(1, dash).join(' ')}]`);
}

function podFor(call: Call, name: string): AnyObject {
  const { flags, args, dash } = call;
  const words = dash < 0 ? args.slice(1) : args.slice(Math.max(dash, 1));
  const labels =
    flags.string('labels') === ''
      ? { run: name }
      : Object.fromEntries(parseLabels(flags.string('labels').split(',')).set);
  const annotations = Object.fromEntries(flags.strings('annotations').map((pair) => pairOf(pair, 'annotation')));
  const env = flags
    .strings('env')
    .map((pair) => pairOf(pair, 'env'))
    .map(([key, value]) => ({ name: key, ...(value === '' ? {} : { value }) }));
  const port = flags.string('port');
  if (port !== '' && !/^\d+$/.test(port))
    throw new CommandFailure(`strconv.ParseInt: parsing ${JSON.stringify(port)}: invalid syntax`);
  const container = {
    name,
    image: flags.string('image'),
    ...(words.length > 0 ? { [flags.bool('command') ? 'command' : 'args']: words } : {}),
    ...(port === '' ? {} : { ports: [{ containerPort: Number(port) }] }),
    ...(env.length > 0 ? { env } : {}),
    resources: {},
    ...(flags.string('image-pull-policy') === '' ? {} : { imagePullPolicy: flags.string('image-pull-policy') }),
    ...(flags.bool('privileged') ? { securityContext: { privileged: true } } : {}),
    ...(flags.bool('stdin') ? { stdin: true } : {}),
    ...(flags.bool('stdin') && !flags.bool('leave-stdin-open') ? { stdinOnce: true } : {}),
    ...(flags.bool('tty') ? { tty: true } : {}),
  };
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      ...manifestNamespace(call),
      creationTimestamp: null,
      labels,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: { containers: [container], restartPolicy: flags.string('restart'), dnsPolicy: 'ClusterFirst' },
    status: {},
  } as unknown as AnyObject;
}

function pairOf(pair: string, what: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new CommandFailure(`invalid ${what}: ${pair}`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

function overridden(pod: AnyObject, overrides: string): AnyObject {
  if (overrides === '') return pod;
  try {
    return applyMergePatch(pod, JSON.parse(overrides));
  } catch (error) {
    throw new CommandFailure(`invalid --overrides: ${(error as Error).message}`);
  }
}

/** Waits until the pod runs and joins its container; a pod that ended in the meantime gives its log. */
async function attachTo({ flags, session, terminal }: Call, info: Info): Promise<void> {
  const pod = await untilStarted(info);
  const container = pod.spec.containers[0]!.name;
  const path = (sub: string): string => pathOf(info.resource, info.namespace, info.name, sub);
  if (pod.status?.phase === 'Running') {
    const options = remoteOptions(terminal, flags.bool('stdin'), flags.bool('tty'), flags.bool('quiet'));
    if (!flags.bool('quiet')) terminal.stderr.write("If you don't see a command prompt, try pressing enter.\n");
    try {
      await runRemote(session.rest, terminal, path('attach'), { container }, options);
    } catch (error) {
      // The container may have ended before it could be joined; its log has what it wrote.
      terminal.stderr.write(
        `warning: couldn't attach to pod/${info.name}, falling back to streaming logs: ${messageOf(error)}\n`,
      );
      await showLog();
    }
  } else await showLog();
  if (flags.string('restart') === 'Always') return;
  const ended = await until(info, (each) => each.status?.phase === 'Succeeded' || each.status?.phase === 'Failed');
  const code = ended.status?.containerStatuses?.[0]?.state?.terminated?.exitCode ?? 0;
  if (ended.status?.phase === 'Failed') {
    throw new ExitFailure(
      `pod ${info.namespace}/${info.name} terminated (${ended.status.containerStatuses?.[0]?.state?.terminated?.reason ?? 'Error'})`,
      code || 1,
    );
  }

  async function showLog(): Promise<void> {
    const body = await session.rest.stream(path('log'), { query: { container, follow: true } });
    for await (const chunk of body) terminal.stdout.write(chunk as Buffer);
  }

  function untilStarted(of: Info): Promise<Pod> {
    return until(of, (each) => ['Running', 'Succeeded', 'Failed'].includes(each.status?.phase ?? ''));
  }

  async function until(of: Info, done: (pod: Pod) => boolean): Promise<Pod> {
    const signal = AbortSignal.timeout(flags.duration('pod-running-timeout'));
    let object = await fetchObject(session, of);
    for (;;) {
      if (done(object as unknown as Pod)) return object as unknown as Pod;
      const query = { fieldSelector: `metadata.name=${of.name}`, resourceVersion: object.metadata.resourceVersion };
      for await (const event of watch(session.rest, pathOf(of.resource, of.namespace), { query, signal })) {
        if (event.type === 'DELETED') throw new CommandFailure(`pods ${JSON.stringify(of.name)} not found`);
        if (event.type !== 'BOOKMARK' && done(event.object as unknown as Pod)) return event.object as unknown as Pod;
      }
      if (signal.aborted) throw new CommandFailure('timed out waiting for the condition');
      object = await fetchObject(session, of);
    }
  }
}
