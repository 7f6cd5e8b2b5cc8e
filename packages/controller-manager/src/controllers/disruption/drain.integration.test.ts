import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployment } from '@coracle/api/apps/v1/deployment';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { isNotFound } from '@coracle/api/meta/status';
import { podDisruptionBudget } from '@coracle/api/policy/v1/poddisruptionbudget';
import type { Pod } from '@coracle/api/types/core/v1';
import { Informers } from '@coracle/client/informer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deploymentOf, type TestCluster, testCluster } from '../../testing/cluster.ts';
import { deploymentController } from '../deployment/controller.ts';
import { replicaSetController } from '../replicaset/controller.ts';
import { disruptionController } from './controller.ts';

const kubectl = fileURLToPath(new URL('../../../../../bin/kubectl', import.meta.url));

let cluster: TestCluster;
const stop = new AbortController();
afterEach(async () => {
  stop.abort();
  await cluster.close();
});

const isHealthy = ({ metadata, status }: Pod): boolean =>
  !metadata.deletionTimestamp && findCondition(status?.conditions, 'Ready')?.status === 'True';

/** Plays scheduler and kubelets: pods are bound to the first node that takes any, become ready, and end when they are deleted. */
async function playNodes(): Promise<{ least: () => number }> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const informers = new Informers(cluster.client, { signal: stop.signal, log });
  const pods = informers.of(pod);
  let least = Number.POSITIVE_INFINITY;
  const healthy = (): number => pods.lister.list('default').filter(isHealthy).length;
  const act = async ({ metadata, spec }: Pod): Promise<void> => {
    const { name = '' } = metadata;
    try {
      if (metadata.deletionTimestamp) await cluster.client.delete(pod, name, 'default', { gracePeriodSeconds: 0 });
      else if (!spec.nodeName) {
        const open = (await cluster.list(node)).find((each) => !each.spec.unschedulable);
        const target = { kind: 'Node', name: open!.metadata.name! };
        const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
        await cluster.client.subresource(pod, name, 'default', 'binding', 'POST', binding);
        await cluster.setReady(name, true);
      }
    } catch (error) {
      if (!isNotFound(error) && !stop.signal.aborted) throw error;
    }
  };
  const seen = (it: Pod): void => {
    if (least !== Number.POSITIVE_INFINITY || healthy() === 3) least = Math.min(least, healthy());
    void act(it);
  };
  pods.on({ added: seen, updated: (_old, it) => seen(it), deleted: seen });
  await informers.start();
  return { least: () => least };
}

function run(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'drain-'));
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: cluster.client.config.server } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
  return new Promise((resolve, reject) => {
    const child = spawn(kubectl, words, {
      env: { ...process.env, KUBECONFIG: join(folder, 'kubeconfig'), HOME: folder },
    });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => {
      out.stdout += data;
    });
    child.stderr.on('data', (data) => {
      out.stderr += data;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      rmSync(folder, { recursive: true });
      resolve({ code, ...out });
    });
  });
}

describe('draining a node', () => {
  it('moves a deployment to another node, and its budget is kept all the way', async () => {
    cluster = await testCluster([deploymentController, replicaSetController, disruptionController()]);
    const { client } = cluster;
    for (const name of ['first', 'second']) await client.create(node, { metadata: { name }, spec: {} });
    await client.create(podDisruptionBudget, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
    });
    const { least } = await playNodes();
    await client.create(deployment, deploymentOf('web', 3));
    await cluster.eventually(
      () => cluster.get(podDisruptionBudget, 'web'),
      ({ status }) => status?.currentHealthy === 3 && status.disruptionsAllowed === 1,
    );
    const before = await cluster.list(pod);
    expect(new Set(before.map((it) => it.spec.nodeName))).toEqual(new Set(['first']));

    const { code, stdout, stderr } = await run('drain', 'first');
    expect(stderr.replace(/pods\/\S+/g, 'pods/P')).toMatch(
      /^(error when evicting pods\/P -n "default" \(will retry after 5s\): Cannot evict pod as it would violate the pod's disruption budget\.\n)*$/,
    );
    expect(code).toBe(0);
    for (const { metadata } of before) expect(stdout).toContain(`pod/${metadata.name} evicted\n`);
    expect(stdout).toMatch(/^node\/first cordoned\n(.*\n)*node\/first drained\n$/);
    expect(least()).toBe(2);
    const after = await cluster.eventually(
      () => cluster.list(pod),
      (pods) => pods.length === 3 && pods.every(isHealthy),
    );
    expect(new Set(after.map((it) => it.spec.nodeName))).toEqual(new Set(['second']));
  });
});
