import type { Pod } from '@coracle/api/types/core/v1';

const anyAddress = '0.0.0.0';

/** One port a pod takes on its node. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** The host ports of a pod's containers and sidecars. */
export function hostPortsOf(pod: Pod): HostPort[] {
  const found: HostPort[] = [];
  const sidecars = pod.spec.initContainers?.filter((each) => each.restartPolicy === 'Always') ?? [];
  for (const container of [...pod.spec.containers, ...sidecars]) {
    for (const each of container.ports ?? []) {
      if (!each.hostPort) continue;
      found.push({ ip: each.hostIP || anyAddress, protocol: each.protocol || 'TCP', port: each.hostPort });
    }
  }
  return found;
}

/** The ports taken on one node. The wildcard address conflicts with every address. */
export class HostPorts {
  readonly #taken = new Map<string, Set<string>>();

  add(each: HostPort): void {
    let ports = this.#taken.get(each.ip);
    if (!ports) {
      ports = new Set();
      this.#taken.set(each.ip, ports);
    }
    ports.add(keyOf(each));
  }

  remove(each: HostPort): void {
    const ports = this.#taken.get(each.ip);
    if (ports?.delete(keyOf(each)) && ports.size === 0) this.#taken.delete(each.ip);
  }

  conflicts(wanted: HostPort): boolean {
    if (this.#taken.size === 0) return false;
    const key = keyOf(wanted);
    if (wanted.ip !== anyAddress) {
      return Boolean(this.#taken.get(wanted.ip)?.has(key) || this.#taken.get(anyAddress)?.has(key));
    }
    for (const ports of this.#taken.values()) if (ports.has(key)) return true;
    return false;
  }

  clone(): HostPorts {
    const copy = new HostPorts();
    for (const [ip, ports] of this.#taken) copy.#taken.set(ip, new Set(ports));
    return copy;
  }
}

function keyOf(port: HostPort): string {
  return `${port.protocol}/${port.port}`;
}
