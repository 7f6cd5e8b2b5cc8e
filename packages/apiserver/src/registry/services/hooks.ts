import { validateAddressFamilies } from '@coracle/api/core/v1/service-families';
import { append } from '@coracle/api/meta/append';
import { type FieldError, invalid, Path } from '@coracle/api/meta/field-path';
import { internalError, invalidObject, isInvalid } from '@coracle/api/meta/status';
import type { Service } from '@coracle/api/types/core/v1';
import type { Store } from '../../storage/store.ts';
import type { ObjectAccess } from '../access.ts';
import type { Release, ResourceHooks } from '../strategy.ts';
import { AllocationError } from './bands.ts';
import { carryOver, completeAddresses, needsHealthCheck } from './carry-over.ts';
import { type Holder, releaseAddress } from './cluster-ips.ts';
import { familyOf, needsClusterIp, needsNodePorts, settleFamilies } from './families.ts';
import { FamilyIps } from './family-ips.ts';
import { type Holding, holdingOf, nothing, without } from './holdings.ts';
import { NodePorts } from './node-ports.ts';
import { parsePortRange } from './port-range.ts';
import { type PortWishes, type SettledPorts, settlePorts } from './port-wishes.ts';

export interface ServiceAllocationOptions {
  /** One CIDR, or one of each family. */
  clusterIpRanges: readonly string[];
  nodePortRange: string;
  store: () => Store;
  /** Told of what could not be given back; the repair of the ranges does it later. */
  failed: (message: string, error: unknown) => void;
}

/** Gives services their cluster addresses and node ports, and takes them back. All servers of a cluster share what is allocated. */
export class ServiceAllocation {
  readonly ips: readonly FamilyIps[];
  readonly ports: NodePorts;
  readonly #failed: ServiceAllocationOptions['failed'];

  /** Throws on ranges that are none. */
  constructor(options: ServiceAllocationOptions) {
    this.ips = options.clusterIpRanges.map((cidr) => new FamilyIps(cidr, options.failed));
    const [first, second, ...more] = this.ips;
    if (!first || more.length > 0) throw new Error('--service-cluster-ip-range must contain one or two CIDRs');
    if (second && second.family === first.family) {
      throw new Error('--service-cluster-ip-range with two entries must have both IPv4 and IPv6 CIDRs');
    }
    this.ports = new NodePorts(parsePortRange(options.nodePortRange), options.store);
    this.#failed = options.failed;
  }

  /** Learns which ranges and addresses there are, and follows it. */
  follow(objects: ObjectAccess): void {
    for (const ips of this.ips) ips.follow(objects);
  }

  /** Whether an address is one that some range hands out, or did while it was ready. */
  covers(address: string): boolean {
    return this.ips.some(({ ranges }) => ranges.some(({ range }) => range.indexOf(address) !== undefined));
  }

  /** The hooks of `services`. */
  readonly hooks: ResourceHooks<Service> = {
    beforeCreate: (object, { objects, dryRun }) => {
      completeAddresses(object);
      return this.#allocate(object, nothing, objects, dryRun);
    },
    beforeUpdate: (object, old, { subresource, objects, dryRun }) => {
      if (subresource !== '') return undefined;
      carryOver(object, old);
      return this.#allocate(object, holdingOf(old), objects, dryRun);
    },
    afterUpdate: (object, old, { objects }) =>
      this.#release(without(holdingOf(old), holdingOf(object)), holderOf(object), objects),
    afterDelete: (object, { objects }) => this.#release(holdingOf(object), holderOf(object), objects),
  };

  /** Fills in what the service needs and has not. Returns what gives back what was taken here; on errors all is given back. */
  async #allocate(object: Service, had: Holding, objects: ObjectAccess, dryRun: boolean): Promise<Release> {
    const families = this.ips.map(({ family }) => family);
    const isExternal = object.spec.type === 'ExternalName';
    const malformed = isExternal ? [] : validateAddressFamilies(object.spec, new Path('spec'));
    const errors = malformed.length > 0 ? malformed : settleFamilies(object, families);
    if (errors.length > 0) throw refusal(object, errors);
    const taken = { addresses: [] as string[], ports: [] as number[] };
    const release = async () => {
      if (!dryRun) await this.#release(taken, holderOf(object), objects);
    };
    try {
      if (needsClusterIp(object)) await this.#allocateAddresses(object, had, taken.addresses, objects, dryRun);
      const wishes = { nodePorts: needsNodePorts(object), healthCheck: needsHealthCheck(object) };
      if (wishes.nodePorts || wishes.healthCheck) await this.#allocatePorts(object, wishes, had, taken.ports, dryRun);
    } catch (error) {
      await release();
      throw error;
    }
    return release;
  }

  async #allocateAddresses(
    object: Service,
    had: Holding,
    taken: string[],
    objects: ObjectAccess,
    dryRun: boolean,
  ): Promise<void> {
    const { spec } = object;
    const wished = spec.clusterIPs ?? [];
    const addresses: string[] = [];
    for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
      const ips = this.ips.find((each) => each.family === family);
      const wish = wished[i];
      if (!ips || (wish && had.addresses.includes(wish))) {
        addresses.push(wish ?? '');
        continue;
      }
      try {
        const address = wish
          ? await ips.reserve(wish, holderOf(object), objects, dryRun)
          : await ips.allocate(holderOf(object), objects, dryRun);
        taken.push(address);
        addresses.push(address);
      } catch (error) {
        if (!(error instanceof AllocationError)) throw error;
        if (!wish) throw internalError(new Error(`failed to allocate a serviceIP: ${error.message}`));
        const detail = `failed to allocate IP ${wish}: ${error.message}`;
        throw refusal(object, [invalid(new Path('spec.clusterIPs'), wished, detail)]);
      }
    }
    spec.clusterIPs = addresses;
    spec.clusterIP = addresses[0];
  }

  async #allocatePorts(
    object: Service,
    wishes: PortWishes,
    had: Holding,
    taken: number[],
    dryRun: boolean,
  ): Promise<void> {
    const wished = new Set((object.spec.ports ?? []).map(({ nodePort }) => nodePort));
    wished.add(object.spec.healthCheckNodePort);
    const { counts } = this.ports;
    let settled: SettledPorts;
    try {
      settled = await this.ports.change((set) => settlePorts(object, wishes, had.ports, set), dryRun);
    } catch (error) {
      if (!dryRun) counts[isInvalid(error) ? 'static' : 'dynamic'].failed++;
      throw error;
    }
    if (!dryRun) for (const port of settled.taken) counts[wished.has(port) ? 'static' : 'dynamic'].done++;
    append(taken, settled.taken);
    for (const [i, port] of (object.spec.ports ?? []).entries()) {
      if (settled.nodePorts[i]) port.nodePort = settled.nodePorts[i];
    }
    if (settled.healthCheck) object.spec.healthCheckNodePort = settled.healthCheck;
  }

  /** Gives back; what fails is left to the repair of the ranges, as the write it belonged to is done. */
  async #release({ addresses, ports }: Holding, holder: Holder, objects: ObjectAccess): Promise<void> {
    for (const address of addresses) {
      if (!this.ips.some(({ family }) => family === familyOf(address))) continue;
      await releaseAddress(address, holder, objects).catch((error) =>
        this.#failed(`error releasing ip ${address}`, error),
      );
    }
    if (ports.length === 0) return;
    const give = () =>
      this.ports.change((set) => {
        for (const port of ports) set.release(port);
      });
    await give().catch((error) => this.#failed(`error releasing node ports ${ports.join(', ')}`, error));
  }
}

function holderOf({ metadata }: Service): Holder {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}

function refusal(object: Service, errors: FieldError[]) {
  const { name, generateName = '' } = object.metadata;
  return invalidObject({ group: '', kind: 'Service' }, name ?? generateName, errors);
}
