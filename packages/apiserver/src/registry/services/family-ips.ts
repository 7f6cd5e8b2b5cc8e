import { AddressRange } from '@coracle/api/meta/address-range';
import { findCondition } from '@coracle/api/meta/conditions';
import { serviceCidr } from '@coracle/api/networking/v1/servicecidr';
import type { ServiceCIDR } from '@coracle/api/types/networking/v1';
import { kubernetesName } from '../../bootstrap/kubernetes-service.ts';
import type { ObjectAccess } from '../access.ts';
import { AllocationError, RangeFull } from './bands.ts';
import { ClusterIps, type Holder } from './cluster-ips.ts';
import type { Family } from './families.ts';

/** A ServiceCIDR, as far as it is about one family. */
interface Declared {
  readonly ranges: readonly string[];
  /** Whether new addresses may be taken from it. */
  readonly ready: boolean;
}

/**
 * The ranges that Services get their addresses of one family from (KEP-1880): those of the ServiceCIDRs that are ready. Until the ServiceCIDR
 * `kubernetes` is there it is the range of `--service-cluster-ip-range`.
 */
export class FamilyIps {
  readonly family: Family;
  /** That of `--service-cluster-ip-range`. */
  readonly configured: AddressRange;
  readonly #failed: (message: string, error: unknown) => void;
  readonly #declared = new Map<string, Declared>();
  readonly #byRange = new Map<string, { ips: ClusterIps; forget: () => void }>();
  #ready: ClusterIps[] = [];
  #objects: ObjectAccess | undefined;

  /** Throws where the range is none. */
  constructor(cidr: string, failed: (message: string, error: unknown) => void) {
    this.configured = new AddressRange(cidr);
    this.family = this.configured.family;
    this.#failed = failed;
    this.#settle();
  }

  /** Every range that is known, ready or not. */
  get ranges(): ClusterIps[] {
    return [...this.#byRange.values()].map(({ ips }) => ips);
  }

  /** Learns which ranges there are and which of their addresses are taken, and follows both. */
  follow(objects: ObjectAccess): void {
    this.#objects = objects;
    for (const [, range] of this.#byRange) range.forget = range.ips.follow(objects);
    objects.onChange(serviceCidr, ({ type, object }) => {
      if (type === 'deleted') this.#declared.delete(object.metadata.name!);
      else this.#declared.set(object.metadata.name!, this.#declarationOf(object));
      this.#settle();
    });
  }

  /** Takes a given address for a service; returns it in canonical form. Throws AllocationError when it cannot be had. */
  reserve(address: string, holder: Holder, objects: ObjectAccess, dryRun: boolean): Promise<string> {
    const ips = this.#ready.find(({ range }) => range.has(address));
    if (!ips) throw new AllocationError('the provided network does not match the current range');
    return ips.reserve(address, holder, objects, dryRun);
  }

  /** Takes any free address for a service. Throws AllocationError when there is none in any range. */
  async allocate(holder: Holder, objects: ObjectAccess, dryRun: boolean): Promise<string> {
    for (const ips of this.#ready) {
      try {
        return await ips.allocate(holder, objects, dryRun);
      } catch (error) {
        if (!(error instanceof RangeFull)) throw error;
      }
    }
    throw new RangeFull('range is full');
  }

  #declarationOf({ metadata, spec, status }: ServiceCIDR): Declared {
    const ranges: string[] = [];
    for (const cidr of spec?.cidrs ?? []) {
      try {
        const range = new AddressRange(cidr);
        if (range.family === this.family) ranges.push(range.cidr);
      } catch (error) {
        this.#failed(`No address can be taken from the ServiceCIDR ${metadata.name}`, error);
      }
    }
    // That of the flags counts while it is being made: nobody is to find the cluster without a range.
    const ready = findCondition(status?.conditions, 'Ready')?.status ?? (metadata.name === kubernetesName && 'True');
    return { ranges, ready: !metadata.deletionTimestamp && ready === 'True' };
  }

  /** Makes what is allocated from what is declared. */
  #settle(): void {
    const declared = [...this.#declared.values()];
    if (!this.#declared.has(kubernetesName)) declared.unshift({ ranges: [this.configured.cidr], ready: true });
    const known = new Set(declared.flatMap(({ ranges }) => ranges));
    for (const [cidr, { forget }] of this.#byRange) {
      if (known.has(cidr)) continue;
      forget();
      this.#byRange.delete(cidr);
    }
    for (const cidr of known) {
      if (this.#byRange.has(cidr)) continue;
      const ips = new ClusterIps(cidr);
      this.#byRange.set(cidr, { ips, forget: this.#objects ? ips.follow(this.#objects) : () => {} });
    }
    const ready = new Set(declared.flatMap(({ ranges, ready }) => (ready ? ranges : [])));
    this.#ready = [...ready].map((cidr) => this.#byRange.get(cidr)!.ips);
  }
}
