import { lease as leaseKind } from '@coracle/api/coordination/v1/lease';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { microNow } from '@coracle/api/meta/time';
import type { Lease } from '@coracle/api/types/coordination/v1';
import type { Client } from './client.ts';
import { Fence, LeaderElectionLost } from './fence.ts';
import { type ClientLog, stderrLog } from './log.ts';
import { delay } from './rate-limit.ts';

export interface LeaderElection {
  /** The Lease's name. */
  name: string;
  namespace: string;
  /** Tells the candidates apart; unique. */
  identity: string;
  /** How long (ms) others wait after the leader's last renewal before one of them takes over. */
  leaseDuration?: number;
  /** How long (ms) the leader tries to renew before it steps down. */
  renewDeadline?: number;
  /** Time (ms) between attempts. */
  retryPeriod?: number;
  log?: ClientLog;
  /** Lets the work's writes through while the lease is certainly held; see RestConfig's `beforeWrite`. */
  fence?: Fence;
  /** Called when another leader is seen. */
  onNewLeader?(identity: string): void;
}

const jitter = 1.2;

/**
 * Waits until the lease is ours, then runs the work while renewing it. The work's signal is aborted when the lease cannot be renewed
 * within `renewDeadline` (then this throws LeaderElectionLost, without waiting for the work) or the outer signal is aborted (then the
 * lease is released, so that another candidate need not wait it out). Leadership is certain for `renewDeadline` after the last
 * successful renewal was sent: others count `leaseDuration` from when they saw it, which is later.
 */
export async function leading(
  client: Client,
  election: LeaderElection,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { leaseDuration = 15_000, renewDeadline = 10_000, retryPeriod = 2_000, log = stderrLog } = election;
  if (leaseDuration <= renewDeadline) throw new Error('leaseDuration must be greater than renewDeadline');
  if (renewDeadline <= retryPeriod * jitter)
    throw new Error('renewDeadline must be greater than retryPeriod*JitterFactor');
  const candidate = new Candidate(client, election, leaseDuration, log);
  const lease = `${election.namespace}/${election.name}`;
  const attemptTimeout = renewDeadline / 2;

  log.info({ lease }, 'Attempting to acquire leader lease...');
  let renewedAt = performance.now();
  while (!(await candidate.tryAcquireOrRenew(AbortSignal.any([signal, AbortSignal.timeout(attemptTimeout)])))) {
    if (signal.aborted) return;
    await delay(retryPeriod * (1 + Math.random() * jitter), signal).catch(() => {});
    if (signal.aborted) return;
    renewedAt = performance.now();
  }
  log.info({ lease }, 'Successfully acquired lease');

  const lost = new AbortController();
  const leadership = AbortSignal.any([signal, lost.signal]);
  const ended = new AbortController();
  const lose = (error = new LeaderElectionLost()): void => {
    if (lost.signal.aborted) return;
    log.error({ lease }, 'Failed to renew lease');
    fence.close();
    lost.abort(error);
  };
  const fence = election.fence ?? new Fence();
  fence.lead(renewedAt + renewDeadline, lose);
  const losing = new Promise<never>((_, reject) => {
    lost.signal.addEventListener('abort', () => reject(lost.signal.reason), { once: true });
  });
  const renewing = renew();
  try {
    await Promise.race([work(leadership), losing]);
    lost.signal.throwIfAborted(); // the work may end because of it, and first
  } finally {
    ended.abort(new Error('work ended'));
    await renewing;
    fence.close();
    if (!lost.signal.aborted) await candidate.release();
  }

  async function renew(): Promise<void> {
    const stop = AbortSignal.any([signal, ended.signal, lost.signal]);
    while (!stop.aborted) {
      await delay(retryPeriod, stop).catch(() => {});
      if (stop.aborted) return;
      const sentAt = performance.now();
      const left = renewedAt + renewDeadline - sentAt;
      // Late, as after the process was stopped: even if nobody took over, what the work believes is too old.
      if (left <= 0) return lose();
      const attempt = AbortSignal.any([stop, AbortSignal.timeout(Math.ceil(Math.min(left, attemptTimeout)))]);
      if (await candidate.tryAcquireOrRenew(attempt)) {
        renewedAt = sentAt;
        if (!stop.aborted) fence.lead(renewedAt + renewDeadline, lose);
      } else if (!stop.aborted && (candidate.othersLead || performance.now() - renewedAt >= renewDeadline)) {
        return lose();
      }
    }
  }
}

class Candidate {
  readonly #client: Client;
  readonly #election: LeaderElection;
  readonly #leaseDuration: number;
  readonly #log: ClientLog;
  /** The lease as last seen, and when (local clock: clocks of machines may differ). */
  #observed: Lease | undefined;
  #observedAt = 0;

  constructor(client: Client, election: LeaderElection, leaseDuration: number, log: ClientLog) {
    this.#client = client;
    this.#election = election;
    this.#leaseDuration = leaseDuration;
    this.#log = log;
  }

  get othersLead(): boolean {
    const holder = this.#observed?.spec?.holderIdentity;
    return holder !== undefined && holder !== '' && holder !== this.#election.identity;
  }

  /** One attempt; false when another holds the lease or the server did not answer. */
  async tryAcquireOrRenew(signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#attempt(signal);
    } catch (error) {
      if (isConflict(error)) this.#log.debug({ err: error }, 'Lease changed meanwhile');
      else if (!signal.aborted)
        this.#log.error({ err: error, lease: this.#election.name }, 'Error retrieving or updating leader lease');
      return false;
    }
  }

  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { name, namespace, identity, onNewLeader } = this.#election;
    const time = microNow();
    const holding = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#leaseDuration / 1000),
      renewTime: time,
    };
    let current: Lease;
    try {
      current = await this.#client.get(leaseKind, name, namespace, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#observe(
        await this.#client.create(
          leaseKind,
          { metadata: { name, namespace }, spec: { ...holding, acquireTime: time, leaseTransitions: 0 } },
          { signal },
        ),
      );
      onNewLeader?.(identity);
      return true;
    }
    const before = this.#observed?.spec?.holderIdentity;
    if (current.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion) this.#observe(current);
    const holder = current.spec?.holderIdentity ?? '';
    if (holder !== before && holder !== '') onNewLeader?.(holder);
    const validFor = (current.spec?.leaseDurationSeconds ?? 0) * 1000;
    if (holder !== '' && holder !== identity && this.#observedAt + validFor > performance.now()) return false;
    const ours = holder === identity;
    const transitions = current.spec?.leaseTransitions ?? 0;
    this.#observe(
      await this.#client.update(
        leaseKind,
        {
          ...current,
          spec: {
            ...current.spec,
            ...holding,
            acquireTime: ours ? current.spec?.acquireTime : time,
            leaseTransitions: ours ? transitions : transitions + 1,
          },
        },
        { signal },
      ),
    );
    if (!ours) onNewLeader?.(identity);
    return true;
  }

  /** Gives the lease up so that another candidate takes it at once. A failure only makes that candidate wait longer. */
  async release(): Promise<void> {
    const observed = this.#observed;
    if (!observed || observed.spec?.holderIdentity !== this.#election.identity) return;
    const time = microNow();
    try {
      await this.#client.update(
        leaseKind,
        {
          ...observed,
          spec: {
            leaseDurationSeconds: 1,
            renewTime: time,
            acquireTime: time,
            leaseTransitions: observed.spec.leaseTransitions,
          },
        },
        { signal: AbortSignal.timeout(2_000) },
      );
    } catch (error) {
      this.#log.warn({ err: error }, 'Failed to release lease');
    }
  }

  #observe(lease: Lease): void {
    this.#observed = lease;
    this.#observedAt = performance.now();
  }
}
