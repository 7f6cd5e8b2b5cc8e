import { findCondition } from '@coracle/api/meta/conditions';
import { deepEqual } from '@coracle/api/meta/object';
import { isAlreadyExists, isNotFound } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import { serviceCidr } from '@coracle/api/networking/v1/servicecidr';
import type { Condition } from '@coracle/api/types/meta/v1';
import type { ServiceCIDR } from '@coracle/api/types/networking/v1';
import type { EventRecorder } from '@coracle/client/events';
import type { ObjectAccess } from '../registry/access.ts';

const name = 'kubernetes';

/**
 * Keeps the ServiceCIDR `kubernetes` at the ranges of --service-cluster-ip-range, as upstream's kubernetes-service-cidr-controller: makes it,
 * adds a second family, and says that it is ready. One that says otherwise is left alone, and told about once.
 */
export class DefaultServiceCidr {
  readonly #objects: ObjectAccess;
  readonly #cidrs: readonly string[];
  readonly #events: Pick<EventRecorder, 'event'>;
  readonly #told = new Set<string>();

  constructor(objects: ObjectAccess, cidrs: readonly string[], events: Pick<EventRecorder, 'event'>) {
    this.#objects = objects;
    this.#cidrs = cidrs;
    this.#events = events;
  }

  /** Safe to repeat. */
  async ensure(): Promise<void> {
    const current = this.#objects.cached(serviceCidr, name) ?? (await this.#make());
    if (current.metadata.deletionTimestamp) return; // its finalizers decide
    const [first, second] = this.#cidrs;
    const cidrs = current.spec.cidrs ?? [];
    if (second !== undefined && cidrs.length === 1 && cidrs[0] === first) {
      await this.#objects.update(serviceCidr, name, undefined, (it) => ({ ...it, spec: { cidrs: [...this.#cidrs] } }));
      return;
    }
    if (!deepEqual(cidrs, this.#cidrs)) {
      this.#tellOnce(
        current,
        'KubernetesDefaultServiceCIDRInconsistent',
        `The default ServiceCIDR [${cidrs.join(' ')}] does not match the controller flag configurations [${this.#cidrs.join(' ')}]`,
      );
      return;
    }
    const ready = findCondition(current.status?.conditions, 'Ready');
    if (ready?.status === 'True') return;
    if (ready?.status === 'False') {
      this.#tellOnce(current, ready.reason ?? '', `Configuration matches, but ${ready.message ?? ''}`);
      return;
    }
    await this.#sayReady();
  }

  async #make(): Promise<ServiceCIDR> {
    try {
      return await this.#objects.create(serviceCidr, { metadata: { name }, spec: { cidrs: [...this.#cidrs] } });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
    const current = await this.#objects.get(serviceCidr, name);
    if (!current) throw new Error('the default ServiceCIDR was deleted while it was made');
    return current;
  }

  async #sayReady(): Promise<void> {
    const condition: Condition = {
      type: 'Ready',
      status: 'True',
      reason: '',
      message: 'Kubernetes default Service CIDR is ready',
      lastTransitionTime: now(),
    };
    try {
      await this.#objects.update(
        serviceCidr,
        name,
        undefined,
        (it) => {
          const conditions = it.status?.conditions ?? [];
          if (findCondition(conditions, 'Ready')) return undefined; // another server was quicker
          return { ...it, status: { conditions: [...conditions, condition] } };
        },
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error; // made again next time
    }
  }

  #tellOnce(object: ServiceCIDR, reason: string, text: string): void {
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#events.event(object, serviceCidr, 'Warning', reason, text);
  }
}
