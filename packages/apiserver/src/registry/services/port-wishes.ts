import { invalid, Path } from '@coracle/api/meta/field-path';
import { internalError, invalidObject } from '@coracle/api/meta/status';
import type { Service } from '@coracle/api/types/core/v1';
import { AllocationError } from './bands.ts';
import type { PortSet } from './port-set.ts';

/** Which kinds of node ports a service needs. */
export interface PortWishes {
  nodePorts: boolean;
  healthCheck: boolean;
}

/** What a service gets: the node port of each of its ports, and of these what was taken from the set. */
export interface SettledPorts {
  nodePorts: number[];
  healthCheck: number | undefined;
  taken: number[];
}

/**
 * Takes the node ports that a service needs and does not have (`had`) from the set of those that are taken. Leaves the service alone: it may
 * run again on another set. Throws what the client is told when one cannot be had.
 */
export function settlePorts(object: Service, wishes: PortWishes, had: readonly number[], set: PortSet): SettledPorts {
  const taken: number[] = [];
  const take = (at: Path, port: number): number => {
    if (had.includes(port) || taken.includes(port)) return port;
    try {
      set.reserve(port);
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      const { name, generateName = '' } = object.metadata;
      throw invalidObject({ group: '', kind: 'Service' }, name ?? generateName, [invalid(at, port, error.message)]);
    }
    taken.push(port);
    return port;
  };
  const any = (what: string): number => {
    try {
      const port = set.allocate();
      taken.push(port);
      return port;
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      throw internalError(new Error(`failed to allocate a ${what}: ${error.message}`));
    }
  };

  const ports = wishes.nodePorts ? (object.spec.ports ?? []) : [];
  /** One number serves a port in all its protocols. */
  const byPort = new Map<number, number>();
  for (const port of ports) if (port.nodePort) byPort.set(port.port, byPort.get(port.port) ?? port.nodePort);
  const nodePorts = ports.map((port, i) => {
    const wish = port.nodePort || byPort.get(port.port);
    const given = wish ? take(new Path('spec.ports').index(i).child('nodePort'), wish) : any('nodePort');
    byPort.set(port.port, given);
    return given;
  });
  const { healthCheckNodePort: wish } = object.spec;
  const healthCheck = !wishes.healthCheck
    ? undefined
    : wish
      ? take(new Path('spec.healthCheckNodePort'), wish)
      : any('HealthCheck NodePort');
  return { nodePorts, healthCheck, taken };
}
