import { Counter, Gauge, type Registry } from '@coracle/process/metrics';

export interface OverlayMetrics {
  peers(reachable: number, unreachable: number): void;
  synced(ok: boolean): void;
}

export function overlayMetrics(registry: Registry): OverlayMetrics {
  const peers = new Gauge({
    name: 'overlay_peers',
    help: 'Other nodes of the network, by whether packets can be led to them.',
    labelNames: ['reachable'],
    registers: [registry],
  });
  const syncs = new Counter({
    name: 'overlay_syncs_total',
    help: 'Comparisons of the kernel with what it should hold, by outcome.',
    labelNames: ['result'],
    registers: [registry],
  });
  return {
    peers: (reachable, unreachable) => {
      peers.set({ reachable: 'true' }, reachable);
      peers.set({ reachable: 'false' }, unreachable);
    },
    synced: (ok) => syncs.inc({ result: ok ? 'success' : 'error' }),
  };
}
