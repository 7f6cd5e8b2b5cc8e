import { EventRecorder } from '@coracle/client/events';
import type { Log } from '@coracle/process/log';
import type { QueueMetrics } from '@coracle/process/work-queue-metrics';
import { eventSink } from '../event-sink.ts';
import type { Registry } from '../registry.ts';
import { AddressRepair } from './address-repair.ts';
import type { ServiceAllocation } from './hooks.ts';
import { PortRepair } from './port-repair.ts';

/** How often (ms) everything is looked at. */
const interval = 180_000;

/** Repairs of what Services have of the cluster's ranges. */
export interface RangeRepair {
  /** Brings all in order once; what is in order afterwards can be allocated from. */
  once(): Promise<void>;
  /** Goes on until the signal aborts. */
  keep(signal: AbortSignal): void;
}

/** The repairs of addresses and node ports, as upstream's ipallocator-repair-controller and portallocator-repair-controller. */
export function rangeRepair(
  registry: Registry,
  allocation: ServiceAllocation,
  log: Log,
  queueMetrics: QueueMetrics,
): RangeRepair {
  const recorder = (component: string) => new EventRecorder(eventSink(registry), { component }, { log });
  const ports = new PortRepair({
    ports: allocation.ports,
    store: registry.store,
    events: recorder('portallocator-repair-controller'),
    log,
  });
  const addresses = new AddressRepair({
    objects: registry,
    covers: (address) => allocation.covers(address),
    events: recorder('ipallocator-repair-controller'),
    told: { log, queueMetrics },
  });
  return {
    once: async () => {
      await ports.once();
      await addresses.once();
    },
    keep: (signal) => {
      addresses.keep(signal, interval);
      const again = () => {
        ports.once().catch((error) => log.warn({ err: error }, 'Cannot repair the node ports; trying again later'));
      };
      const timer = setInterval(again, interval).unref();
      signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}
