import type { Readable } from 'node:stream';
import { messageOf } from '@coracle/api/meta/message-of';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { allContainers, choosePod, defaultContainer, podsOf } from '../resources/pods.ts';
import type { Session } from '../session.ts';
import { isNotFoundError } from './get/get.ts';
import { selectorFlag } from './shared-flags.ts';

export const command: Command = {
  name: 'logs',
  aliases: ['log'],
  short: 'Show what a container wrote',
  usage: 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]',
  examples:
    'kubectl logs web-1\nkubectl logs -f deployment/web --all-containers\nkubectl logs -l app=web --prefix --tail=20',
  flags: [
    boolFlag('all-containers', false, 'All containers of the pod'),
    boolFlag('all-pods', false, 'All pods of the workload; implies --prefix'),
    stringFlag('container', '', 'The container', { short: 'c' }),
    boolFlag('follow', false, 'Go on with what is written later', { short: 'f' }),
    boolFlag('ignore-errors', false, 'With --follow: go on when one of several logs fails'),
    boolFlag('insecure-skip-tls-verify-backend', false, "Do not check the kubelet's certificate"),
    intFlag('limit-bytes', 0, 'The most bytes to show; 0 for all'),
    intFlag('max-log-requests', 5, 'With --follow and a selector: how many logs may be followed at once'),
    durationFlag('pod-running-timeout', 20_000, 'How long to wait for a pod of the workload'),
    boolFlag('prefix', false, 'Begin each line with the pod and the container'),
    boolFlag('previous', false, 'Of the instance of the container before this one', { short: 'p' }),
    selectorFlag,
    durationFlag('since', 0, 'Only what is newer than this: 5s, 2m, 3h'),
    stringFlag('since-time', '', 'Only what is newer than this RFC 3339 time'),
    intFlag('tail', -1, 'The last lines; -1 for all, or 10 with a selector'),
    boolFlag('timestamps', false, 'Begin each line with its time'),
  ],
  run: logs,
};

interface Log {
  readonly pod: Pod;
  readonly container: string;
}

async function logs(call: Call): Promise<void> {
  const { args, flags, session, terminal, path } = call;
  const selector = flags.string('selector');
  if (args.length === 0 && selector === '') {
    throw new UsageFailure(
      path,
      "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
    );
  }
  if (args.length > 2 || (args.length === 2 && flags.string('container') !== '')) {
    throw new UsageFailure(
      path,
      args.length === 2
        ? 'only one of -c or an inline [CONTAINER] arg is allowed'
        : "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
    );
  }
  if (args.length > 0 && selector !== '') throw new CommandFailure('only a selector (-l) or a POD name is allowed');
  const container = args[1] ?? flags.string('container');
  checkFlags(call, container);
  const query = logQuery(call, selector);
  const pods = await podsFor(call, selector);
  if (pods.length === 0) {
    terminal.stderr.write(`No resources found in ${session.namespace().namespace} namespace.\n`);
    return;
  }
  const wanted = pods.flatMap((pod) =>
    containersOf(pod, container, flags.bool('all-containers'), terminal.stderr).map((each) => ({
      pod,
      container: each,
    })),
  );
  const follow = flags.bool('follow');
  if (follow && wanted.length > flags.int('max-log-requests')) {
    throw new CommandFailure(
      `you are attempting to follow ${wanted.length} log streams, but maximum allowed concurrency is ${flags.int('max-log-requests')}, use --max-log-requests to increase the limit`,
    );
  }
  const prefix = flags.bool('prefix') || flags.bool('all-pods');
  const show = (log: Log): Promise<void> => copy(session, log, query, (chunk) => terminal.stdout.write(chunk), prefix);
  if (follow && wanted.length > 1) {
    await Promise.all(wanted.map((log) => tolerated(call, show(log))));
    return;
  }
  for (const log of wanted) await tolerated(call, show(log));
}

function checkFlags({ flags }: Call, container: string): void {
  if (flags.bool('all-containers') && container !== '')
    throw new CommandFailure('--all-containers=true should not be specified with container name ' + container);
  if (flags.string('since-time') !== '' && flags.duration('since') !== 0) {
    throw new CommandFailure('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  const since = flags.string('since-time');
  if (since !== '' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(since)) {
    throw new CommandFailure(
      `parsing time ${JSON.stringify(since)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(since)} as "2006"`,
    );
  }
  if (flags.int('limit-bytes') < 0) throw new CommandFailure('--limit-bytes must be greater than 0');
  if (flags.int('tail') < -1) throw new CommandFailure('--tail must be greater than or equal to -1');
  if (flags.duration('since') < 0) throw new CommandFailure('--since must be greater than 0');
}

function logQuery({ flags }: Call, selector: string): Record<string, string | number | boolean | undefined> {
  const tail = selector !== '' && !flags.changed('tail') ? 10 : flags.int('tail');
  const since = flags.duration('since');
  return {
    follow: flags.bool('follow') || undefined,
    previous: flags.bool('previous') || undefined,
    timestamps: flags.bool('timestamps') || undefined,
    insecureSkipTLSVerifyBackend: flags.bool('insecure-skip-tls-verify-backend') || undefined,
    limitBytes: flags.int('limit-bytes') || undefined,
    sinceSeconds: since > 0 ? Math.ceil(since / 1000) : undefined,
    sinceTime: flags.string('since-time') || undefined,
    tailLines: tail >= 0 ? tail : undefined,
  };
}

async function podsFor({ args, flags, session, terminal }: Call, selector: string): Promise<Pod[]> {
  if (selector !== '') return podsOf(session, { labelSelector: selector });
  const [target = ''] = args;
  return choosePod(session, terminal, target, {
    all: flags.bool('all-pods'),
    timeoutMs: flags.duration('pod-running-timeout'),
    found: 'Found',
  }).catch((error: unknown) => {
    if (!isNotFoundError(error)) throw error;
    const { namespace } = session.namespace();
    throw new CommandFailure(
      `error from server (NotFound): ${messageOf(error)} in namespace ${JSON.stringify(namespace)}`,
    );
  });
}

function containersOf(pod: Pod, given: string, all: boolean, stderr: { write(text: string): unknown }): string[] {
  if (all) return allContainers(pod).map((each) => each.name);
  if (given !== '') {
    if (!allContainers(pod).some((each) => each.name === given)) {
      throw new CommandFailure(`container ${given} is not valid for pod ${pod.metadata.name}`);
    }
    return [given];
  }
  return [defaultContainer(pod, stderr)];
}

async function tolerated({ flags, terminal }: Call, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!flags.bool('ignore-errors')) throw error;
    terminal.stdout.write(`error: ${(error as Error).message}\n`);
  }
}

/** Copies one log to the output, line by line where each gets a prefix. */
async function copy(
  session: Session,
  { pod, container }: Log,
  query: Record<string, string | number | boolean | undefined>,
  write: (chunk: Uint8Array | string) => unknown,
  prefix: boolean,
): Promise<void> {
  const { name, namespace } = pod.metadata;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace!)}/pods/${encodeURIComponent(name!)}/log`;
  const body: Readable = await session.rest.stream(path, { query: { ...query, container } });
  if (!prefix) {
    for await (const chunk of body) write(chunk as Buffer);
    return;
  }
  const head = `[pod/${name}/${container}] `;
  let rest = '';
  body.setEncoding('utf8');
  for await (const chunk of body) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop()!;
    for (const line of lines) write(`${head}${line}\n`);
  }
  if (rest !== '') write(`${head}${rest}`);
}
