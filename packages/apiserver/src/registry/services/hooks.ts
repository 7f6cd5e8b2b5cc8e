import { service as serviceKind } from '@coracle/api/core/v1/service';
import { type FieldError, invalid, Path } from '@coracle/api/meta/field-path';
import { internalError, invalidObject } from '@coracle/api/meta/status';
import type { Service } from '@coracle/api/types/core/v1';
import type { ObjectAccess } from '../access.ts';
import type { Release, ResourceHooks } from '../strategy.ts';
import { AllocationError } from './allocator.ts';
import { alignAddresses, carryOver, needsHealthCheck } from './carry-over.ts';
import { ClusterIps } from './cluster-ips.ts';
import { familyOf, needsClusterIp, needsNodePorts, settleFamilies } from './families.ts';
import { NodePorts } from './node-ports.ts';

/** What a service has of the ranges. */
interface Holding {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

/**
 * Gives services their cluster addresses and node ports, and takes them back. What is allocated is the sum of what the services
 * there are say: it is learnt from the cache at start, and followed as other servers of the cluster write.
 */
export class ServiceAllocation {
  readonly #ips: readonly ClusterIps[];
  readonly #ports: NodePorts;
  readonly #conflict: (message: string) => void;

  /** `clusterIpRanges`: one CIDR, or one of each family. Throws on ranges that are none. `conflict` is told of services that share. */
  constructor(options: {
    clusterIpRanges: readonly string[];
    nodePortRange: string;
    conflict?: (message: string) => void;
  }) {
    this.#ips = options.clusterIpRanges.map((cidr) => new ClusterIps(cidr));
    const [first, second, ...more] = this.#ips;
    if (!first || more.length > 0) throw new Error('--service-cluster-ip-range must contain one or two CIDRs');
    if (second && second.range.family === first.range.family) {
      throw new Error('--service-cluster-ip-range with two entries must have both IPv4 and IPv6 CIDRs');
    }
    this.#ports = new NodePorts(options.nodePortRange);
    this.#conflict = options.conflict ?? (() => undefined);
  }

  /** The address of the Service `default/kubernetes`. */
  get kubernetesIp(): string {
    return this.#ips[0]!.first;
  }

  /** Learns what is allocated, and follows it from then on. Returns what stops it. */
  follow(objects: ObjectAccess): () => void {
    return objects.onChange(serviceKind, ({ type, object, old }) => {
      const owner = object.metadata.uid ?? '';
      if (type === 'deleted') this.#release(holdingOf(object), owner);
      else {
        this.#learn(object, owner);
        if (old) this.#release(without(holdingOf(old), holdingOf(object)), owner);
      }
    });
  }

  #learn(object: Service, owner: string): void {
    const take = (what: string, reserve: () => void) => {
      try {
        reserve();
      } catch (error) {
        if (!(error instanceof AllocationError)) throw error;
        this.#conflict(`service ${object.metadata.namespace}/${object.metadata.name} has ${what}: ${error.message}`);
      }
    };
    const { addresses, ports } = holdingOf(object);
    for (const address of addresses) take(address, () => this.#rangeOf(address)?.reserve(address, owner));
    for (const port of ports) take(`node port ${port}`, () => this.#ports.reserve(port, owner));
  }

  #release({ addresses, ports }: Holding, owner: string): void {
    for (const address of addresses) this.#rangeOf(address)?.release(address, owner);
    for (const port of ports) this.#ports.release(port, owner);
  }

  #rangeOf(address: string): ClusterIps | undefined {
    return this.#ips.find(({ range }) => range.family === familyOf(address));
  }

  /** The hooks of `services`. */
  readonly hooks: ResourceHooks<Service> = {
    beforeCreate: (object) => {
      alignAddresses(object);
      return this.#allocate(object);
    },
    beforeUpdate: (object, old, { subresource }) => {
      if (subresource !== '') return undefined;
      carryOver(object, old);
      return this.#allocate(object);
    },
    afterUpdate: (object, old) => this.#release(without(holdingOf(old), holdingOf(object)), object.metadata.uid ?? ''),
    afterDelete: (object) => this.#release(holdingOf(object), object.metadata.uid ?? ''),
  };

  /** Fills in what the service needs and has not. Returns what gives back what was taken here; on errors all is given back. */
  #allocate(object: Service): Release {
    const errors = settleFamilies(
      object,
      this.#ips.map(({ range }) => range.family),
    );
    if (errors.length > 0) throw refusal(object, errors);
    const owner = object.metadata.uid ?? '';
    const taken = { addresses: [] as string[], ports: [] as number[] };
    const release = () => this.#release(taken, owner);
    try {
      if (needsClusterIp(object)) this.#allocateAddresses(object, owner, taken.addresses);
      if (needsNodePorts(object)) this.#allocatePorts(object, owner, taken.ports);
      if (needsHealthCheck(object)) this.#allocateHealthCheck(object, owner, taken.ports);
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  #allocateAddresses(object: Service, owner: string, taken: string[]): void {
    const { spec } = object;
    const wished = spec.clusterIPs ?? [];
    const families = spec.ipFamilies ?? [];
    spec.clusterIPs = families.map((family, i) => {
      const ips = this.#ips.find(({ range }) => range.family === family);
      const wish = wished[i];
      if (!ips || (wish && ips.has(wish, owner))) return wish ?? '';
      try {
        const address = wish ? ips.reserve(wish, owner) : ips.allocate(owner);
        taken.push(address);
        return address;
      } catch (error) {
        if (!(error instanceof AllocationError)) throw error;
        if (!wish) throw internalError(new Error(`failed to allocate a serviceIP: ${error.message}`));
        const detail = `failed to allocate IP ${wish}: ${error.message}`;
        throw refusal(object, [invalid(new Path('spec.clusterIPs'), wished, detail)]);
      }
    });
    spec.clusterIP = spec.clusterIPs[0];
  }

  #allocatePorts(object: Service, owner: string, taken: number[]): void {
    const ports = object.spec.ports ?? [];
    /** One number serves a port in all its protocols. */
    const byPort = new Map<number, number>();
    for (const port of ports) if (port.nodePort) byPort.set(port.port, byPort.get(port.port) ?? port.nodePort);
    for (const [i, port] of ports.entries()) {
      port.nodePort ||= byPort.get(port.port);
      if (port.nodePort)
        this.#takePort(object, new Path('spec.ports').index(i).child('nodePort'), port.nodePort, owner, taken);
      else {
        port.nodePort = this.#anyPort('nodePort', owner, taken);
        byPort.set(port.port, port.nodePort);
      }
    }
  }

  #allocateHealthCheck(object: Service, owner: string, taken: number[]): void {
    const { healthCheckNodePort } = object.spec;
    if (!healthCheckNodePort) object.spec.healthCheckNodePort = this.#anyPort('HealthCheck NodePort', owner, taken);
    else this.#takePort(object, new Path('spec.healthCheckNodePort'), healthCheckNodePort, owner, taken);
  }

  #takePort(object: Service, at: Path, port: number, owner: string, taken: number[]): void {
    if (this.#ports.has(port, owner)) return;
    try {
      this.#ports.reserve(port, owner);
      taken.push(port);
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      throw refusal(object, [invalid(at, port, error.message)]);
    }
  }

  #anyPort(what: string, owner: string, taken: number[]): number {
    try {
      const port = this.#ports.allocate(owner);
      taken.push(port);
      return port;
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      throw internalError(new Error(`failed to allocate a ${what}: ${error.message}`));
    }
  }
}

function refusal(object: Service, errors: FieldError[]) {
  const { name, generateName = '' } = object.metadata;
  return invalidObject({ group: '', kind: 'Service' }, name ?? generateName, errors);
}

function holdingOf({ spec }: Service): Holding {
  const addresses = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ''];
  const ports = (spec.ports ?? []).map((port) => port.nodePort ?? 0);
  return {
    addresses: addresses.filter((address) => address !== '' && address !== 'None'),
    ports: [...ports, spec.healthCheckNodePort ?? 0].filter((port) => port > 0),
  };
}

/** What is in the first holding and not in the second. */
function without(holding: Holding, kept: Holding): Holding {
  return {
    addresses: holding.addresses.filter((address) => !kept.addresses.includes(address)),
    ports: holding.ports.filter((port) => !kept.ports.includes(port)),
  };
}
