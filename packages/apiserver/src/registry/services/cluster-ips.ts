import { AddressRange, canonical } from './address-range.ts';
import { AllocationError, Allocator } from './allocator.ts';

/** The addresses of one Service range (`--service-cluster-ip-range` may name one a family). Owners are services by `namespace/name`. */
export class ClusterIps {
  readonly range: AddressRange;
  readonly #allocator: Allocator;

  constructor(cidr: string, random?: () => number) {
    this.range = new AddressRange(cidr);
    this.#allocator = new Allocator(this.range.size, random ? { random } : {});
  }

  /** The first address, which is the `kubernetes` Service's. */
  get first(): string {
    return this.range.at(0);
  }

  get used(): number {
    return this.#allocator.used;
  }

  /** Takes a given address for a service; returns it in canonical form. Throws AllocationError when it cannot be had. */
  reserve(address: string, owner: string): string {
    const index = this.range.indexOf(address);
    if (index === undefined) {
      throw new AllocationError(
        `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.range.cidr}`,
      );
    }
    if (!this.#allocator.reserve(index, owner)) throw new AllocationError('provided IP is already allocated');
    return canonical(address);
  }

  /** Takes any free address for a service. Throws AllocationError when there is none. */
  allocate(owner: string): string {
    const index = this.#allocator.allocate(owner);
    if (index === undefined) throw new AllocationError('range is full');
    return this.range.at(index);
  }

  /** Whether a service has this address. */
  has(address: string, owner: string): boolean {
    const index = this.range.indexOf(address);
    return index !== undefined && this.#allocator.ownerOf(index) === owner;
  }

  release(address: string, owner: string): void {
    const index = this.range.indexOf(address);
    if (index !== undefined) this.#allocator.release(index, owner);
  }
}
