import { Counter, Gauge, Histogram, type Registry } from '@coracle/process';

/** What is told of one of the kubelet's certificates. */
export interface CertificateCounts {
  /** A certificate is in force that ends then (ms since the epoch). */
  inForce(notAfter: number): void;
  /** A certificate was replaced that had been in force for so many seconds. */
  replaced(seconds: number): void;
  /** It was not renewed as it should have been. */
  failed(): void;
}

const day = 86_400;
const lives = [60, 3_600, 14_400, day, 7 * day, 14 * day, 30 * day, 90 * day, 180 * day, 360 * day, 1440 * day];

/** The metrics of the kubelet's two certificates, by upstream's names. */
export function certificateMetrics(registry: Registry): Readonly<Record<'client' | 'server', CertificateCounts>> {
  const registers = [registry];
  const ttl = (which: string): ((notAfter: number) => void) => {
    let end = Number.POSITIVE_INFINITY;
    new Gauge({
      name: `kubelet_certificate_manager_${which}_ttl_seconds`,
      help: `Seconds until the kubelet's ${which} certificate expires, negative when it has; infinite without one.`,
      registers,
      collect() {
        this.set((end - Date.now()) / 1000);
      },
    });
    return (notAfter) => {
      end = notAfter;
    };
  };
  const errors = (name: string, which: string): (() => void) => {
    const counter = new Counter({
      name,
      help: `Failed attempts to renew the kubelet's ${which} certificate.`,
      registers,
    });
    return () => counter.inc();
  };
  const ages = new Histogram({
    name: 'kubelet_certificate_manager_server_rotation_seconds',
    help: 'Seconds the serving certificates before the current one were in force.',
    buckets: lives,
    registers,
  });
  return {
    client: {
      inForce: ttl('client'),
      replaced: () => undefined,
      failed: errors('kubelet_certificate_manager_client_expiration_renew_errors', 'client'),
    },
    server: {
      inForce: ttl('server'),
      replaced: (seconds) => ages.observe(seconds),
      failed: errors('kubelet_server_expiration_renew_errors', 'serving'),
    },
  };
}
