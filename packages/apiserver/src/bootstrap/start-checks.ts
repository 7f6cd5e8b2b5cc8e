import type { Check, Checks } from '@coracle/process/checks';

/** What a step of the start is done by. */
type DoneBy =
  /** The step of the bootstrap of this name. */
  | 'step'
  /** The caches being loaded: all that follows objects has begun by then. */
  | 'caches';

/** Upstream's post-start hooks whose work is done here, in its order. */
const hooks: readonly (readonly [name: string, doneBy: DoneBy, where?: 'fairness' | 'rbac'])[] = [
  ['start-apiserver-admission-initializer', 'caches'],
  ['generic-apiserver-start-informers', 'caches'],
  ['priority-and-fairness-config-consumer', 'step', 'fairness'],
  ['priority-and-fairness-filter', 'caches', 'fairness'],
  ['storage-object-count-tracker-hook', 'caches'],
  ['start-apiextensions-informers', 'caches'],
  ['start-apiextensions-controllers', 'caches'],
  ['crd-informer-synced', 'caches'],
  ['start-system-namespaces-controller', 'step'],
  ['start-cluster-authentication-info-controller', 'step'],
  ['start-legacy-token-tracking-controller', 'step'],
  ['storage-readiness', 'caches'],
  ['start-service-ip-repair-controllers', 'step'],
  ['rbac/bootstrap-roles', 'step', 'rbac'],
  ['scheduling/bootstrap-system-priority-classes', 'step'],
  ['priority-and-fairness-config-producer', 'step', 'fairness'],
  ['bootstrap-controller', 'step'],
  ['start-kubernetes-service-cidr-controller', 'step'],
  ['aggregator-reload-proxy-client-cert', 'caches'],
  ['start-kube-aggregator-informers', 'caches'],
  ['apiservice-status-local-available-controller', 'caches'],
  ['apiservice-status-remote-available-controller', 'caches'],
  ['apiservice-registration-controller', 'caches'],
  ['apiservice-discovery-controller', 'caches'],
  ['kube-apiserver-autoregistration', 'caches'],
];
const lastHooks = ['apiservice-openapi-controller', 'apiservice-openapiv3-controller'];

/** How far a server has come, and what it does. */
export interface StartProgress {
  /** Names of the bootstrap's steps that are done. */
  readonly finished: ReadonlySet<string>;
  cachesLoaded(): boolean;
  readonly fairness: boolean;
  readonly rbac: boolean;
  /** Whether all that is built in is registered. */
  readonly registered: Check;
}

/** The steps of the start as checks of the health endpoints, under upstream's names and in its order. */
export function startChecks(progress: StartProgress): Checks {
  const must = (isDone: boolean) => {
    if (!isDone) throw new Error('not finished');
  };
  const loaded: Check = () => must(progress.cachesLoaded());
  const of = (names: readonly (readonly [string, Check])[]) =>
    names.map(([name, check]): [string, Check] => [`poststarthook/${name}`, check]);
  const wanted = hooks.filter(([, , where]) => where === undefined || progress[where]);
  return Object.fromEntries([
    ...of(wanted.map(([name, by]) => [name, by === 'caches' ? loaded : () => must(progress.finished.has(name))])),
    ['autoregister-completion', progress.registered],
    ...of(lastHooks.map((name) => [name, loaded])),
  ]);
}
