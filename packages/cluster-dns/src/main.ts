import { componentConfig, connect } from '@coracle/client';
import { program } from '@coracle/process/program';
import { startDns } from './dns.ts';
import { dnsFlags } from './flags.ts';
import { settingsOf } from './settings.ts';

const description =
  "cluster-dns answers for the cluster's names: Services, endpoints and pods, by the Kubernetes DNS specification. All other names it asks upstream.";

await program(
  'cluster-dns',
  dnsFlags,
  async ({ flags, changed, log, signal, metrics }) => {
    const settings = settingsOf(flags, changed);
    const client = connect({ ...componentConfig(flags.kubeconfig, flags.master), userAgent: 'cluster-dns' });
    const dns = await startDns({ client, settings, metrics, log });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await dns.leave(flags.lameduck);
    client.close();
  },
  { description },
);
