import { service as serviceKind } from '@coracle/api/core/v1/service';
import type { Service } from '@coracle/api/types/core/v1';
import type { EventRecorder } from '@coracle/client/events';
import type { Store } from '../../storage/store.ts';
import { holdingOf, type PortProblem, servicesIn, usedPorts } from './holdings.ts';
import type { NodePorts } from './node-ports.ts';
import { parsePortRange } from './port-range.ts';
import { PortSet } from './port-set.ts';

/** A port that no service uses is freed when so many passes in a row have found it: the service may still be on its way. */
const passesBeforeFreed = 3;

export interface PortRepairOptions {
  ports: NodePorts;
  store: Store;
  events: Pick<EventRecorder, 'event'>;
  log: { warn(details: object, message: string): void };
}

/** Brings the stored node ports to what the services there are use: missing ones are taken, leaked ones freed after a while. */
export class PortRepair {
  readonly #options: PortRepairOptions;
  /** How many more passes a port that no service uses is kept. */
  #leaks = new Map<number, number>();

  constructor(options: PortRepairOptions) {
    this.#options = options;
  }

  /** One pass; tries again when another server changes the ports meanwhile. */
  async once(): Promise<void> {
    while (!(await this.#attempt())) {
      // overtaken
    }
  }

  async #attempt(): Promise<boolean> {
    const { ports, store, log } = this.#options;
    const { range } = ports;
    // In this order: what a service uses was stored before the service was.
    const stored = await ports.stored();
    const services = await servicesIn(store);
    const before = stored.revision === 0 ? undefined : new PortSet(parsePortRange(stored.range), stored.bits);
    const problems: PortProblem[] = [];
    const wanted = usedPorts(services, range, (found) => problems.push(found));
    const used = new Set(wanted);
    const leaks = new Map<number, number>();
    for (const port of before ?? []) {
      if (used.has(port) || port < range.from || port > range.to) continue;
      const left = this.#leaks.get(port) ?? passesBeforeFreed - 1;
      if (left > 0) {
        leaks.set(port, left - 1);
        wanted.reserve(port);
      }
      const message = left > 0 ? 'may have leaked: flagging for later clean up' : 'appears to have leaked: cleaning up';
      log.warn({ port }, `A node port ${message}`);
    }
    const same = before && stored.range === range.text && wanted.bits === stored.bits;
    if (!same && !(await ports.replace(wanted.bits, stored.revision))) return false;
    this.#leaks = leaks;
    for (const problem of problems) this.#tell(problem);
    if (before) this.#tellMissing(services, before, problems);
    return true;
  }

  #tellMissing(services: readonly Service[], before: PortSet, problems: readonly PortProblem[]): void {
    for (const service of services) {
      for (const port of holdingOf(service).ports) {
        if (before.has(port) || problems.some((each) => each.service === service && each.port === port)) continue;
        this.#event(service, 'PortNotAllocated', `Port ${port} is not allocated; repairing`);
      }
    }
  }

  #tell({ service, port, reason }: PortProblem): void {
    const range = this.#options.ports.range.text;
    const text =
      reason === 'PortOutOfRange'
        ? `Port ${port} is not within the port range ${range}; please recreate service`
        : `Port ${port} was assigned to multiple services; please recreate service`;
    this.#event(service, reason, text);
  }

  #event(service: Service, reason: string, message: string): void {
    this.#options.events.event(service, serviceKind, 'Warning', reason, message);
    const { namespace, name } = service.metadata;
    this.#options.log.warn({ service: `${namespace}/${name}`, reason }, message);
  }
}
