import type { AnyKind, Kind, KubeObject } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';
import { keyOf } from '@coracle/api/meta/object';
import { isConflict } from '@coracle/api/meta/status';
import type { Client } from '@coracle/client';
import { EventRecorder } from '@coracle/client/events';
import type { Informer, Informers, Selection } from '@coracle/client/informer';
import { WorkQueue } from '@coracle/client/work-queue';
import type { QueueMetrics } from '@coracle/process/work-queue-metrics';
import type { ControllerLog } from './controller-log.ts';
import { Expectations } from './expectations.ts';
import type { Settings } from './settings.ts';

/** What the manager gives each controller to start with. */
export interface ControllerContext {
  /** Acts as the controller's own identity. */
  client: Client;
  /** Shared by all controllers of the process. */
  informers: Informers;
  settings: Settings;
  signal: AbortSignal;
  log: ControllerLog;
  queueMetrics?: QueueMetrics;
}

/** One control loop of the manager. */
export interface Controller {
  /** Upstream's canonical name (`deployment-controller`). */
  readonly name: string;
  /** Upstream's older names, which --controllers takes too. */
  readonly aliases: readonly string[];
  /** The service account of --use-service-account-credentials; empty where it acts as the manager itself. */
  readonly serviceAccount: string;
  /** Runs only where --controllers names it. */
  readonly offByDefault?: boolean;
  /**
   * Names the informers it needs and registers its handlers; returns the work, which the manager starts once the informers have
   * synced and which ends with the signal. Undefined: the settings leave it nothing to do (the reason is logged).
   */
  start(context: ControllerContext): (() => Promise<void>) | undefined;
}

/** Reads the caches of the kinds a controller watches. */
export interface Listers {
  get<T extends KubeObject>(kind: Kind<T>, key: string): T | undefined;
  list<T extends KubeObject>(kind: Kind<T>, namespace?: string): T[];
  select<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, selector: Selector): T[];
  byIndex<T extends KubeObject>(kind: Kind<T>, index: string, value: string): T[];
}

/** Writes an event about an object. */
export type RecordEvent = (
  object: KubeObject,
  kind: AnyKind,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
) => void;

/** What a reconcile works with. */
export interface Scope {
  client: Client;
  listers: Listers;
  expectations: Expectations;
  record: RecordEvent;
  settings: Settings;
  signal: AbortSignal;
  log: ControllerLog;
  /** Has a key reconciled again, now or after a time (ms). */
  enqueue(key: string, afterMs?: number): void;
}

/** Ties a kind to a controller: which informer it needs and which keys its changes touch. */
export type Watch = (context: ControllerContext, scope: Scope) => Informer<never>;

export interface ReconcilerDeclaration {
  name: string;
  aliases?: readonly string[];
  serviceAccount?: string;
  offByDefault?: boolean;
  /** The reporting component of its events; default: the name. */
  component?: string;
  watches: readonly Watch[];
  /** How many keys are worked on at once. */
  workers?(settings: Settings): number;
  /** Why there is nothing to do under these settings. */
  disabled?(settings: Settings): string | undefined;
  /** Work beside the queue: periodic checks. Ends with the scope's signal. */
  run?(scope: Scope): Promise<void>;
  /** Brings the world closer to what the object with this key asks for. Idempotent; an error has it called again after a back-off. */
  reconcile(key: string, scope: Scope): Promise<void>;
}

/** Something is not as it must be yet, and that is no failure: tried again after a back-off, told at high verbosity only. */
export class NotYet extends Error {
  override name = 'NotYet';
}

/** Declares a controller that reconciles keys from a work queue. */
export function defineController(declaration: ReconcilerDeclaration): Controller {
  const { name, aliases = [], watches, workers = () => 5 } = declaration;
  return {
    name,
    aliases,
    serviceAccount: declaration.serviceAccount ?? name,
    offByDefault: declaration.offByDefault,
    start(context) {
      const { client, settings, signal, log } = context;
      const reason = declaration.disabled?.(settings);
      if (reason) {
        log.info({ controller: name, reason }, 'Skipping controller');
        return undefined;
      }
      const queue = new WorkQueue({ name, metrics: context.queueMetrics?.(name) });
      signal.addEventListener('abort', () => queue.close(), { once: true });
      const recorder = new EventRecorder(client, { component: declaration.component ?? name }, { log });
      const informers = new Map<AnyKind, Informer<never>>();
      const scope: Scope = {
        client,
        settings,
        signal,
        log,
        listers: listersOf(name, informers),
        expectations: new Expectations(),
        record: (...event) => recorder.event(...event),
        enqueue: (key, afterMs = 0) => queue.addAfter(key, afterMs),
      };
      for (const watch of watches) {
        const informer = watch(context, scope);
        informers.set(informer.kind as AnyKind, informer);
      }
      return async () => {
        const loops = Array.from({ length: workers(settings) }, () => work(queue, declaration, scope));
        const beside = declaration.run?.(scope).catch((error) => {
          if (!signal.aborted) throw error;
        });
        await Promise.all([...loops, beside]);
      };
    },
  };
}

async function work(queue: WorkQueue, { name, reconcile }: ReconcilerDeclaration, scope: Scope): Promise<void> {
  for await (const key of queue.take(scope.signal)) {
    try {
      await reconcile(key, scope);
      queue.forget(key);
    } catch (error) {
      if (scope.signal.aborted) return;
      const level = isConflict(error) || error instanceof NotYet ? 'debug' : 'error';
      scope.log[level]({ controller: name, key, err: error }, 'Reconciling failed, trying again later');
      queue.addRateLimited(key);
    } finally {
      queue.done(key);
    }
  }
}

function listersOf(name: string, informers: ReadonlyMap<AnyKind, Informer<never>>): Listers {
  const of = <T extends KubeObject>(kind: Kind<T>): Informer<T>['lister'] => {
    const informer = informers.get(kind);
    if (!informer) throw new Error(`${name} does not watch ${kind.plural}`);
    return (informer as unknown as Informer<T>).lister;
  };
  return {
    get: (kind, key) => of(kind).get(key),
    list: (kind, namespace) => of(kind).list(namespace),
    select: (kind, namespace, selector) => of(kind).select(namespace, selector),
    byIndex: (kind, index, value) => of(kind).byIndex(index, value),
  };
}

const erased = <T extends KubeObject>(informer: Informer<T>): Informer<never> => informer as unknown as Informer<never>;

/** The kind whose keys the controller reconciles. `when` leaves out changes that do not matter. */
export function own<T extends KubeObject>(
  kind: Kind<T>,
  options: { when?(old: T | undefined, it: T): boolean; selection?: Selection } = {},
): Watch {
  const { when, selection } = options;
  return mapped(kind, (it, old) => (when && !when(old, it) ? [] : [keyOf(it)]), { selection });
}

/** A kind that is only read from its cache. */
export function observed<T extends KubeObject>(
  kind: Kind<T>,
  options: { selection?: Selection; index?: [name: string, by: (it: T) => string[]] } = {},
): Watch {
  return ({ informers }) => {
    const informer = informers.of(kind, options.selection);
    if (options.index) informer.addIndex(...options.index);
    return erased(informer);
  };
}

/**
 * A kind whose changes touch the keys `keys` names: called with each new object (and the one before), with each deleted one, and
 * on a change also for the object before.
 */
export function mapped<T extends KubeObject>(
  kind: Kind<T>,
  keys: (it: T, old: T | undefined, scope: Scope) => Iterable<string>,
  options: { index?: [name: string, by: (it: T) => string[]]; selection?: Selection } = {},
): Watch {
  return ({ informers }, scope) => {
    const informer = informers.of(kind, options.selection);
    if (options.index) informer.addIndex(...options.index);
    const enqueue = (it: T, old: T | undefined): void => {
      for (const key of keys(it, old, scope)) scope.enqueue(key);
    };
    informer.on({
      added: (it) => enqueue(it, undefined),
      updated: (old, it) => enqueue(it, old),
      deleted: (it) => enqueue(it, undefined),
    });
    return erased(informer);
  };
}
