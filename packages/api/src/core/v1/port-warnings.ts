import type { Container, ContainerPort, PodSpec } from '../../generated/core/v1.ts';

interface PlacedPort {
  path: string;
  port: ContainerPort;
}

/** What a client is warned of in the ports of all containers: those that are the same, or may be, and names that mean the first alone. */
export function portWarnings(spec: PodSpec, at: string): string[] {
  const ports: PlacedPort[] = [];
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    const containers: readonly Container[] = spec[list] ?? [];
    for (const [i, container] of containers.entries())
      for (const [j, port] of (container.ports ?? []).entries())
        ports.push({ port, path: `${at}.${list}[${i}].ports[${j}]` });
  }
  return ports.length === 0 ? [] : [...conflictWarnings(ports), ...nameWarnings(ports)];
}

/** So many warnings of ports are made: more than there is room for in an answer. */
const maxWarnings = 128;

function conflictWarnings(ports: readonly PlacedPort[]): string[] {
  const warnings: string[] = [];
  const seen = new SeenPorts();
  for (const placed of ports) {
    const { path, port } = placed;
    if (port.hostIP && !port.hostPort) warnings.push(`${path}: hostIP set without hostPort: ${shown(port)}`);
    for (const other of seen.conflicting(port)) {
      warnings.push(`${path}: ${conflictOf(port, other.port)} port definition with ${other.path}`);
      if (warnings.length > maxWarnings) return warnings;
    }
    seen.add(placed);
  }
  return warnings;
}

/** Ports by what they have in common, so that those in each other's way are found without comparing all with all. */
class SeenPorts {
  readonly #by = new Map<string, (PlacedPort & { index: number })[]>();
  #count = 0;

  add(placed: PlacedPort): void {
    const [number, onHost, there] = keysOf(placed.port);
    const entry = { ...placed, index: this.#count++ };
    for (const key of [number, onHost, there]) {
      const list = this.#by.get(key);
      if (list) list.push(entry);
      else this.#by.set(key, [entry]);
    }
  }

  /** Those in the way of a port, in the order they were added. */
  *conflicting(port: ContainerPort): Iterable<PlacedPort> {
    const [number, onHost, there] = keysOf(port);
    if (!port.hostPort) return yield* this.#of(number);
    const unplaced = this.#of(`${number}/0`);
    const placed = port.hostIP ? [...this.#of(`${onHost}/`), ...this.#of(there)] : this.#of(onHost);
    yield* [...unplaced, ...placed].sort((a, b) => a.index - b.index);
  }

  #of(key: string): readonly (PlacedPort & { index: number })[] {
    return this.#by.get(key) ?? [];
  }
}

function keysOf({ containerPort, protocol, hostPort = 0, hostIP = '' }: ContainerPort): [string, string, string] {
  const number = `${containerPort}/${protocol}`;
  return [number, `${number}/${hostPort}`, `${number}/${hostPort}/${hostIP}`];
}

/** How two ports of the same number and protocol are in each other's way. */
function conflictOf(one: ContainerPort, other: ContainerPort): string {
  const [port, otherPort] = [one.hostPort ?? 0, other.hostPort ?? 0];
  if (port === otherPort && (one.hostIP ?? '') === (other.hostIP ?? '')) return 'duplicate';
  return port === 0 || otherPort === 0 ? 'overlapping' : 'dangerously ambiguous';
}

function nameWarnings(ports: readonly PlacedPort[]): string[] {
  const warnings: string[] = [];
  const first = new Map<string, string>();
  for (const { path, port } of ports) {
    if (!port.name) continue;
    const other = first.get(port.name);
    if (other === undefined) first.set(port.name, path);
    else
      warnings.push(
        `${path}: duplicate port name ${JSON.stringify(port.name)} with ${other}, services and probes that select ports by name will use ${other}`,
      );
  }
  return warnings;
}

/** A port as Go prints it. */
function shown({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
