import { mkdir, open } from 'node:fs/promises';
import { type Log, program } from '@coracle/process';
import { certificateMetrics } from './certificates/metrics.ts';
import { nodeClient } from './certificates/node-client.ts';
import { systemClock } from './clock.ts';
import { loadConfiguration } from './config/load.ts';
import { kubeletFlags } from './flags.ts';
import { defaultNodeName, runKubelet } from './kubelet.ts';
import { checkedLabels } from './node/labels.ts';

await program(
  'kubelet',
  kubeletFlags,
  async ({ flags, changed, log, signal, metrics }) => {
    const config = await loadConfiguration(flags, changed);
    const nodeName = flags['hostname-override'] || defaultNodeName();
    const certificateCounts = certificateMetrics(metrics);
    const api =
      flags.kubeconfig || flags['bootstrap-kubeconfig']
        ? await nodeClient({
            kubeconfig: flags.kubeconfig,
            bootstrapKubeconfig: flags['bootstrap-kubeconfig'],
            certDir: flags['cert-dir'],
            nodeName,
            rotate: config.rotateCertificates,
            qps: config.kubeAPIQPS > 0 ? config.kubeAPIQPS : undefined,
            burst: config.kubeAPIBurst,
            counts: certificateCounts.client,
            clock: systemClock,
            log,
            signal,
          })
        : undefined;
    if (!api) log.info('Standalone mode, no API client');
    await mkdir(flags['root-dir'], { recursive: true, mode: 0o750 });
    await setOomScore(config.oomScoreAdj, log);
    await runKubelet({
      config,
      client: api?.client,
      nodeName,
      nodeIps: flags['node-ip']
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
      nodeLabels: checkedLabels(flags['node-labels']),
      rootDir: flags['root-dir'],
      certDir: flags['cert-dir'],
      certificateCounts,
      containerLogLinks: '/var/log/containers',
      log,
      metrics,
      signal,
    });
    await api?.ended;
  },
  {
    description:
      'kubelet runs the pods of its node: it learns them from the API server or from files, starts their containers, keeps them running and reports how they are.',
  },
);

/** The kernel should end pods before the kubelet; where that may not be said, it goes on without. */
async function setOomScore(score: number, log: Log): Promise<void> {
  try {
    await using file = await open('/proc/self/oom_score_adj', 'w');
    await file.writeFile(String(score));
  } catch (error) {
    log.warn({ err: error, score }, 'Failed to ensure oom score');
  }
}
