import { formatLabelSelector } from '@coracle/api/meta/labels';
import type { Container, Pod, Service } from '@coracle/api/types/core/v1';
import type { LabelSelector } from '@coracle/api/types/meta/v1';
import { CommandFailure } from '../cli/failure.ts';
import type { Terminal } from '../cli/terminal.ts';
import { watch } from '../rest/watch.ts';
import type { Session } from '../session.ts';
import type { AnyObject } from './resource.ts';
import { fetchObject, type Info, select } from './selection.ts';

export async function podsOf(
  session: Session,
  query: { labelSelector?: string; fieldSelector?: string },
  namespace?: string,
): Promise<Pod[]> {
  const within = namespace ?? session.namespace().namespace;
  const { items } = await session.rest.json<{ items: Pod[] | null }>('GET', podsPath(within), { query });
  return items ?? [];
}

const podsPath = (namespace: string): string => `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;

/** Init, ordinary and ephemeral containers, in the order logs shows them. */
export function allContainers({ spec }: Pod): { name: string }[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
}

const defaultAnnotation = 'kubectl.kubernetes.io/default-container';

/** The container a command works on when none is named; with several it is told which. */
export function defaultContainer(pod: Pod, stderr: { write(text: string): unknown }, quiet = false): string {
  const { spec, metadata } = pod;
  const named = metadata.annotations?.[defaultAnnotation];
  if (named) {
    if (spec.containers.some((each) => each.name === named) || allContainers(pod).some((each) => each.name === named))
      return named;
    stderr.write(`Default container name ${JSON.stringify(named)} not found in pod ${metadata.name}\n`);
  }
  const first = spec.containers[0] as Container;
  const others = [...spec.containers, ...(spec.ephemeralContainers ?? []), ...(spec.initContainers ?? [])];
  if (others.length > 1 && !quiet) {
    const list = [
      ...spec.containers.map((each) => each.name),
      ...(spec.ephemeralContainers ?? []).map((each) => `${each.name} (ephem)`),
      ...(spec.initContainers ?? []).map((each) => `${each.name} (init)`),
    ];
    stderr.write(`Defaulted container ${JSON.stringify(first.name)} out of: ${list.join(', ')}\n`);
  }
  return first.name;
}

export interface ChooseOptions {
  /** All pods of the workload, not just the best. */
  readonly all?: boolean;
  readonly timeoutMs: number;
  /** Begins the line that tells which of several pods was taken; without it nothing is told. */
  readonly found?: string;
}

/** The pods that `POD` or `TYPE/NAME` means: the pod itself, or one of a workload's, the most useful first. */
export async function choosePod(
  session: Session,
  terminal: Terminal,
  target: string,
  options: ChooseOptions,
): Promise<Pod[]> {
  const args = target.includes('/') ? [target] : ['pods', target];
  const { infos, errors } = await select(session, terminal, { args, fetch: true });
  if (errors.length > 0) throw errors[0];
  return podsOfObject(session, terminal, infos[0]!, options);
}

export async function podsOfObject(
  session: Session,
  terminal: Terminal,
  info: Info,
  options: ChooseOptions,
): Promise<Pod[]> {
  const object = info.object ?? (await fetchObject(session, info));
  if (object.kind === 'Pod') return [object as unknown as Pod];
  const labelSelector = podSelectorOf(object);
  const found = (await podsOf(session, { labelSelector }, object.metadata.namespace)).sort(moreUseful);
  if (found.length === 0) return [await firstPod(session, object, labelSelector, options.timeoutMs)];
  if (options.all) return found;
  if (found.length > 1 && options.found) {
    terminal.stderr.write(`${options.found} ${found.length} pods, using pod/${found[0]!.metadata.name}\n`);
  }
  return [found[0]!];
}

/** The selector of the pods that belong to a workload or service; throws for kinds without pods. */
export function podSelectorOf(object: AnyObject): string {
  if (object.kind === 'Service') {
    const { selector } = (object as unknown as Service).spec ?? {};
    if (!selector || Object.keys(selector).length === 0) {
      throw new CommandFailure("invalid service '" + object.metadata.name + "': Service is defined without a selector");
    }
    return formatLabelSelector({ matchLabels: selector });
  }
  const selector = (object['spec'] as { selector?: LabelSelector } | undefined)?.selector;
  if (!selector) throw new CommandFailure(`selector for ${object.apiVersion}, Kind=${object.kind} not implemented`);
  return formatLabelSelector(selector);
}

async function firstPod(session: Session, object: AnyObject, labelSelector: string, timeoutMs: number): Promise<Pod> {
  const signal = AbortSignal.timeout(timeoutMs);
  for await (const event of watch(session.rest, podsPath(object.metadata.namespace!), {
    query: { labelSelector, resourceVersion: '0' },
    signal,
  })) {
    if (event.type === 'ADDED' || event.type === 'MODIFIED') return event.object as unknown as Pod;
  }
  throw new CommandFailure('timed out waiting for the condition');
}

/** Assigned before unassigned, running before others, ready before not ready, newer readiness, fewer restarts, newer pods first. */
export function moreUseful(a: Pod, b: Pod): number {
  const phase = (pod: Pod): number => ['Pending', 'Unknown', 'Running'].indexOf(pod.status?.phase ?? 'Pending');
  const ready = (pod: Pod): string | undefined =>
    pod.status?.conditions?.find((each) => each.type === 'Ready' && each.status === 'True')?.lastTransitionTime;
  const restarts = (pod: Pod): number =>
    Math.max(0, ...(pod.status?.containerStatuses ?? []).map((each) => each.restartCount));
  const compare = (x: number | string, y: number | string): number => (x < y ? -1 : x > y ? 1 : 0);
  return (
    compare(Number(Boolean(b.spec.nodeName)), Number(Boolean(a.spec.nodeName))) ||
    compare(phase(b), phase(a)) ||
    compare(Number(ready(b) !== undefined), Number(ready(a) !== undefined)) ||
    compare(ready(a) ?? '', ready(b) ?? '') ||
    compare(restarts(a), restarts(b)) ||
    compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '')
  );
}
