import { Counter, type Registry } from 'prom-client';
import type { Level } from './policy.ts';

/** Told what becomes of audit events. */
export interface AuditMetrics {
  event(): void;
  level(level: Level): void;
  rejected(): void;
  /** Events a backend lost. */
  lost(plugin: string, events: number): void;
}

/** Counts of audit, under upstream's metric names. */
export function auditMetrics(metrics: Registry): AuditMetrics {
  const registers = [metrics];
  const events = new Counter({
    name: 'apiserver_audit_event_total',
    help: 'Audit events made and handed to the backends.',
    registers,
  });
  const byLevel = new Counter({
    name: 'apiserver_audit_level_total',
    help: 'Requests by the level at which the audit policy has them recorded.',
    labelNames: ['level'],
    registers,
  });
  const errors = new Counter({
    name: 'apiserver_audit_error_total',
    help: 'Audit events that a backend could not keep.',
    labelNames: ['plugin'],
    registers,
  });
  const rejected = new Counter({
    name: 'apiserver_audit_requests_rejected_total',
    help: 'Requests refused because their audit event could not be kept.',
    registers,
  });
  return {
    event: () => events.inc(),
    level: (level) => byLevel.inc({ level }),
    rejected: () => rejected.inc(),
    lost: (plugin, count) => errors.inc({ plugin }, count),
  };
}
