import { Counter, exponentialBuckets, Histogram, type Registry } from 'prom-client';
import type { TransformationObserver } from './transformer.ts';

/** Counts and times of what is turned on its way into the store and out of it, under upstream's metric names; by resource. */
export function transformationMetrics(metrics: Registry): (resource: string) => TransformationObserver {
  const registers = [metrics];
  const operations = new Counter({
    name: 'apiserver_storage_transformation_operations_total',
    help: 'Values that were encrypted for the store or decrypted from it, by what came of it.',
    labelNames: ['resource', 'transformation_type', 'transformer_prefix', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'apiserver_storage_transformation_duration_seconds',
    help: 'Seconds it took to encrypt a value for the store or to decrypt it.',
    labelNames: ['resource', 'transformation_type', 'transformer_prefix'],
    buckets: exponentialBuckets(5e-6, 2, 25),
    registers,
  });
  return (resource) => ({
    transformed(type, prefix, seconds, error) {
      const labels = { resource, transformation_type: type, transformer_prefix: prefix };
      operations.inc({ ...labels, status: error === undefined ? 'OK' : 'Unknown' });
      if (error === undefined) duration.observe(labels, seconds);
    },
  });
}
