import type { Pod } from '@coracle/api/types/core/v1';
import type { KillContainer } from './actions.ts';
import type { PodDependencies } from './dependencies.ts';
import { runHook } from './hooks.ts';
import { type AnyContainer, gracePeriodOf, isSidecar, podText } from './names.ts';
import type { RuntimeContainer, RuntimePod } from './runtime-pod.ts';
import { unlessNotFound } from './sandbox.ts';

/** Seconds that every container gets to end, unless the deletion itself asks for less. */
const leastGrace = 2;

/** Sees to the order in which containers end. */
interface Turn {
  /** Settles when it is this container's turn, or after so many seconds; returns those that have passed. */
  wait(name: string, atMost: number): Promise<number>;
}

/**
 * Ends one container: the preStop hook, then the stop signal, then after the rest of the grace period SIGKILL. `override` (seconds) is
 * what the deletion of the pod grants. With `signal` the wait is given up (for a shorter one).
 */
export async function killContainer(
  deps: PodDependencies,
  pod: Pod,
  { container, spec, message, gracePeriod }: KillContainer,
  override: number | undefined,
  options: { turn?: Turn; signal?: AbortSignal } = {},
): Promise<void> {
  let grace = override ?? gracePeriod ?? container.terminationGracePeriod ?? gracePeriodOf(pod);
  const subject: AnyContainer = spec ?? { name: container.name };
  deps.events.container(pod, subject, 'Normal', 'Killing', message);
  grace -= await preStop(deps, pod, container, subject, grace, options.signal);
  if (options.turn) grace -= await options.turn.wait(container.name, grace);
  const seconds =
    override === undefined ? Math.max(leastGrace, grace) : Math.max(1, Math.min(override, Math.max(leastGrace, grace)));
  await deps.cri.runtime
    .stopContainer(
      { containerId: container.id, timeout: BigInt(Math.ceil(seconds)) },
      { timeout: (seconds + 120) * 1000, signal: options.signal },
    )
    .catch(unlessNotFound);
}

/** Runs the preStop hook within the grace period; returns the seconds it took. Its failure is told and does not matter. */
async function preStop(
  deps: PodDependencies,
  pod: Pod,
  container: RuntimeContainer,
  spec: AnyContainer,
  grace: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const handler = spec.lifecycle?.preStop ?? container.preStop;
  if (!handler || grace <= 0 || container.state !== 'running') return 0;
  const started = Date.now();
  const limit = AbortSignal.timeout(grace * 1000);
  const target = {
    containerId: container.id,
    container: spec,
    podName: pod.metadata.name ?? '',
    podIp: pod.status?.podIP ?? deps.statuses.get(pod.metadata.uid ?? '')?.podIP ?? '',
  };
  try {
    await runHook(deps.cri, handler, target, grace * 1000, signal ? AbortSignal.any([limit, signal]) : limit);
  } catch (error) {
    if (!signal?.aborted) {
      deps.log.error({ err: error, pod: podText(pod), container: spec.name }, 'PreStop hook failed');
      deps.events.container(pod, spec, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
    }
  }
  return (Date.now() - started) / 1000;
}

/** Ends all running containers of a pod: its containers at once, then its sidecars in the reverse of their order. */
export async function killContainers(
  deps: PodDependencies,
  pod: Pod,
  actual: RuntimePod,
  override: number | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const running = actual.containers.filter((each) => each.state === 'running' || each.state === 'unknown');
  const specs = new Map<string, AnyContainer>();
  for (const spec of [
    ...(pod.spec.initContainers ?? []),
    ...pod.spec.containers,
    ...(pod.spec.ephemeralContainers ?? []),
  ]) {
    specs.set(spec.name, spec);
  }
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map((each) => each.name);
  const ends = new Map<string, () => void>();
  const ended = new Map<string, Promise<void>>();
  for (const { name } of running) ended.set(name, new Promise((resolve) => ends.set(name, resolve)));

  /** A sidecar ends after all that is no sidecar and after the sidecars behind it. */
  const before = (name: string): Promise<void>[] => {
    const place = sidecars.indexOf(name);
    if (place < 0) return [];
    return [...ended]
      .filter(([other]) => !sidecars.includes(other) || sidecars.indexOf(other) > place)
      .map(([, promise]) => promise);
  };
  const turn: Turn = {
    async wait(name, atMost) {
      const others = before(name);
      if (others.length === 0) return 0;
      const started = Date.now();
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        Promise.all(others),
        new Promise((resolve) => {
          timer = setTimeout(resolve, Math.max(0, atMost) * 1000);
        }),
      ]);
      clearTimeout(timer);
      return (Date.now() - started) / 1000;
    },
  };

  const results = await Promise.allSettled(
    running.map(async (container) => {
      try {
        const spec = specs.get(container.name);
        const message = `Stopping container ${container.name}`;
        await killContainer(deps, pod, { container, spec, message, reason: 'stop' }, override, { turn, signal });
      } finally {
        ends.get(container.name)!();
      }
    }),
  );
  const failures = results.filter((each) => each.status === 'rejected');
  if (failures.length === 0) return;
  const text = failures.map((each) => (each.reason as Error).message).join(', ');
  if (!signal?.aborted) deps.events.pod(pod, 'Warning', 'FailedKillPod', `error killing pod: ${text}`);
  throw new Error(text, { cause: failures[0]!.reason });
}
