import { Counter, Gauge, type Registry } from 'prom-client';

/** Told of what checks of extension servers find. */
export interface AvailabilityMetrics {
  /** What a check found; `reason` where it became unavailable by it. */
  checked(name: string, available: boolean, reason?: string): void;
  /** The APIService is gone. */
  forget(name: string): void;
}

/** Availability of APIServices, under upstream's metric names. */
export function availabilityMetrics(metrics: Registry): AvailabilityMetrics {
  const registers = [metrics];
  const unavailable = new Gauge({
    name: 'aggregator_unavailable_apiservice',
    help: 'APIServices: 1 for those that cannot be reached, 0 for those that can.',
    labelNames: ['name'],
    registers,
  });
  const times = new Counter({
    name: 'aggregator_unavailable_apiservice_total',
    help: 'How often an APIService became unavailable, by reason.',
    labelNames: ['name', 'reason'],
    registers,
  });
  return {
    checked(name, available, reason) {
      unavailable.set({ name }, available ? 0 : 1);
      if (reason !== undefined) times.inc({ name, reason });
    },
    forget: (name) => unavailable.remove({ name }),
  };
}
