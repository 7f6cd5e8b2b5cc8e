import { parseSelector } from '@coracle/api/meta/labels';
import { messageOf } from '@coracle/api/meta/message-of';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure, Failures } from '../../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../../cli/flags.ts';
import { listChunks } from '../../resources/selection.ts';
import { nodesOf, setUnschedulable } from '../cordoning.ts';
import { dryRunFlag, dryRunOf, dryRunSuffix, selectorFlag } from '../shared-flags.ts';
import { type Decision, type DrainRules, decide, grouped } from './filters.ts';
import { removePods } from './removal.ts';

export const command: Command = {
  name: 'drain',
  short: 'Empty a node, so that it can be worked on',
  usage: 'drain NODE',
  description:
    'Keeps new pods off a node and evicts those that are on it, as their disruption budgets allow; waits until they are gone. Pods of DaemonSets and of manifest folders stay.',
  examples: 'kubectl drain one --ignore-daemonsets\nkubectl drain one --force --grace-period=60',
  flags: [
    intFlag('chunk-size', 500, 'How many objects to ask for at once; 0 asks for all'),
    boolFlag('delete-emptydir-data', false, 'Also pods with emptyDir volumes, whose data is lost'),
    boolFlag('disable-eviction', false, 'Delete instead of evict: disruption budgets are not kept'),
    dryRunFlag,
    boolFlag('force', false, 'Also pods that no controller will replace'),
    intFlag('grace-period', -1, 'Seconds the containers have to end; negative leaves it to the pods'),
    boolFlag('ignore-daemonsets', false, 'Leave pods of DaemonSets where they are'),
    stringFlag('pod-selector', '', 'Only pods with these labels'),
    selectorFlag,
    intFlag('skip-wait-for-delete-timeout', 0, 'Do not wait for pods that have been going for longer (seconds)'),
    durationFlag('timeout', 0, 'How long to go on; 0 goes on for ever'),
  ],
  run: drain,
};

async function drain(call: Call): Promise<void> {
  const { flags, terminal } = call;
  dryRunOf(flags); // a wrong value is told of before anything is done
  checkPodSelector(flags.string('pod-selector'));
  const nodes = await nodesOf(call, 'drain');
  await setUnschedulable(call, nodes, true);
  const failed: unknown[] = [];
  const remaining: string[] = [];
  for (const { name } of nodes) {
    try {
      await empty(name, call);
      terminal.stdout.write(`node/${name} drained${dryRunSuffix(dryRunOf(flags))}\n`);
    } catch (error) {
      const why = messageOf(error);
      terminal.stderr.write(
        `error: unable to drain node ${JSON.stringify(name)} due to error: ${why}, continuing command...\n`,
      );
      failed.push(error);
      remaining.push(name);
    }
  }
  if (remaining.length === 0) return;
  terminal.stderr.write(`There are pending nodes to be drained:\n${remaining.map((name) => ` ${name}\n`).join('')}`);
  throw failed.length === 1 ? failed[0] : new Failures(failed);
}

function checkPodSelector(text: string): void {
  try {
    parseSelector(text);
  } catch {
    throw new CommandFailure('--pod-selector=<pod_selector> must be a valid label selector');
  }
}

/** Removes what may go from a node; throws, with nothing removed, where a pod must not. */
async function empty(node: string, call: Call): Promise<void> {
  const { flags, session, terminal } = call;
  const dryRun = dryRunOf(flags);
  const decisions = await decisionsOn(node, call);
  refuse(decisions);
  const warnings = grouped(decisions, 'warning');
  if (warnings.length > 0) terminal.stderr.write(`Warning: ${warnings.join('; ')}\n`);
  const pods = going(decisions);
  if (dryRun === 'client') {
    for (const { metadata } of pods)
      terminal.stdout.write(`evicting pod ${metadata.namespace}/${metadata.name} (dry run)\n`);
    return;
  }
  try {
    await removePods(pods, {
      rest: session.rest,
      stdout: terminal.stdout,
      stderr: terminal.stderr,
      dryRun,
      gracePeriod: flags.int('grace-period'),
      timeoutMs: flags.duration('timeout'),
      skipWaitSeconds: flags.int('skip-wait-for-delete-timeout'),
      disableEviction: flags.bool('disable-eviction'),
      gone: ({ metadata }, verb) => terminal.stdout.write(`pod/${metadata.name} ${verb}\n`),
    });
  } catch (error) {
    await tellPending(node, error, call);
    throw error;
  }
}

async function tellPending(node: string, cause: unknown, call: Call): Promise<void> {
  const { stderr } = call.terminal;
  try {
    const decisions = await decisionsOn(node, call);
    const pending = going(decisions);
    if (pending.length > 0) {
      stderr.write(
        `There are pending pods in node ${JSON.stringify(node)} when an error occurred: ${messageOf(cause)}\n`,
      );
      for (const { metadata } of pending) stderr.write(`pod/${metadata.name}\n`);
    }
    refuse(decisions);
  } catch (error) {
    stderr.write(`Following errors occurred while getting the list of pods to delete:\n${messageOf(error)}\n`);
  }
}

const going = (decisions: ReadonlyMap<Pod, Decision>): Pod[] =>
  [...decisions].filter(([, decision]) => decision.goes).map(([pod]) => pod);

function refuse(decisions: ReadonlyMap<Pod, Decision>): void {
  const errors = grouped(decisions, 'error');
  if (errors.length > 0) throw new Failures(errors.map((each) => new CommandFailure(`cannot delete ${each}`)));
}

/** What becomes of each pod on a node. */
async function decisionsOn(node: string, { flags, session }: Call): Promise<Map<Pod, Decision>> {
  const rules: DrainRules = {
    force: flags.bool('force'),
    ignoreDaemonSets: flags.bool('ignore-daemonsets'),
    deleteEmptyDirData: flags.bool('delete-emptydir-data'),
    skipWaitSeconds: flags.int('skip-wait-for-delete-timeout'),
    daemonSet: (name, namespace) =>
      session.rest.json(
        'GET',
        `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/daemonsets/${encodeURIComponent(name)}`,
      ),
  };
  const decisions = new Map<Pod, Decision>();
  const pods = (await session.mapper()).forArgument('pods');
  const selection = {
    fieldSelector: `spec.nodeName=${node}`,
    selector: flags.string('pod-selector'),
    chunkSize: flags.int('chunk-size'),
  };
  for await (const { items } of listChunks(session, pods, '', selection)) {
    for (const pod of (items ?? []) as unknown as Pod[]) decisions.set(pod, await decide(pod, rules, Date.now()));
  }
  return decisions;
}
