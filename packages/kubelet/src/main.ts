import { mkdir, open } from 'node:fs/promises';
import { connect, loadKubeconfig } from '@coracle/client';
import { type Log, program, userAgent } from '@coracle/process';
import { loadConfiguration } from './config/load.ts';
import { kubeletFlags } from './flags.ts';
import { defaultNodeName, runKubelet } from './kubelet.ts';
import { checkedLabels } from './node/labels.ts';

await program(
  'kubelet',
  kubeletFlags,
  async ({ flags, changed, log, signal, metrics }) => {
    const config = await loadConfiguration(flags, changed);
    const rest = flags.kubeconfig ? loadKubeconfig(flags.kubeconfig) : undefined;
    const limits = { qps: config.kubeAPIQPS > 0 ? config.kubeAPIQPS : undefined, burst: config.kubeAPIBurst };
    const client = rest && connect({ ...rest, ...limits, userAgent: userAgent('kubelet') });
    if (!client) log.info('Standalone mode, no API client');
    await mkdir(flags['root-dir'], { recursive: true, mode: 0o750 });
    await setOomScore(config.oomScoreAdj, log);
    await runKubelet({
      config,
      client,
      nodeName: flags['hostname-override'] || defaultNodeName(),
      nodeIps: flags['node-ip']
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
      nodeLabels: checkedLabels(flags['node-labels']),
      rootDir: flags['root-dir'],
      certDir: flags['cert-dir'],
      containerLogLinks: '/var/log/containers',
      log,
      metrics,
      signal,
    });
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
