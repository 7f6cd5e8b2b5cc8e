import { AllocationError, Allocator } from './allocator.ts';

/** The ports of `--service-node-port-range`. Owners are services by `namespace/name`. */
export class NodePorts {
  readonly #from: number;
  readonly #to: number;
  readonly #allocator: Allocator;

  /** `range` as `30000-32767` or `30000+2767`, both ends included. Throws on what is no range of ports. */
  constructor(range: string, random?: () => number) {
    const match = /^(\d{1,5})([-+])(\d{1,5})$/.exec(range);
    this.#from = Number(match?.[1]);
    this.#to = match?.[2] === '+' ? this.#from + Number(match[3]) : Number(match?.[3]);
    if (!match || this.#from < 1 || this.#to > 65_535 || this.#to < this.#from) {
      throw new Error(`unable to parse port range: ${range}: it must be like 30000-32767, within 1-65535`);
    }
    this.#allocator = new Allocator(this.#to - this.#from + 1, random ? { random } : {});
  }

  reserve(port: number, owner: string): void {
    if (port < this.#from || port > this.#to) {
      throw new AllocationError(
        `provided port is not in the valid range. The range of valid ports is ${this.#from}-${this.#to}`,
      );
    }
    if (!this.#allocator.reserve(port - this.#from, owner))
      throw new AllocationError('provided port is already allocated');
  }

  allocate(owner: string): number {
    const index = this.#allocator.allocate(owner);
    if (index === undefined) throw new AllocationError('range is full');
    return this.#from + index;
  }

  /** Whether a service has this port. */
  has(port: number, owner: string): boolean {
    return this.#allocator.ownerOf(port - this.#from) === owner;
  }

  release(port: number, owner: string): void {
    this.#allocator.release(port - this.#from, owner);
  }
}
