import { lease } from '@coracle/api/coordination/v1/lease';
import { configMap } from '@coracle/api/core/v1/configmap';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import type { Client } from '@coracle/client/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureFlowControl } from '../../bootstrap/flow-control.ts';
import { eventually } from '../../testing/expectations.ts';
import { type SecureServer, startSecureServer } from '../../testing/secure-server.ts';

let server: SecureServer;
/** Names of the ConfigMaps that have come as far as the store and wait there, in the order of their arrival. */
let held: { name: string; go: () => void }[];
let arrived: string[];

/** Of 24 seats in all, the levels have as many as their shares are: global-default two, workload-low ten. */
beforeEach(async () => {
  const seats = ['--max-requests-inflight=12', '--max-mutating-requests-inflight=12'];
  server = await startSecureServer(...seats, '--request-timeout=4m');
  await ensureFlowControl(server.registry);
  await server.registry.fresh();
  held = [];
  arrived = [];
  const { store } = server.registry;
  const put = store.put.bind(store);
  store.put = async (...args) => {
    const [, name] = /^\/registry\/configmaps\/default\/(.*)$/.exec(args[0]) ?? [];
    if (name !== undefined) {
      arrived.push(name);
      await new Promise<void>((go) => held.push({ name, go }));
    }
    return put(...args);
  };
});
afterEach(() => server.close());

/** Somebody who may do everything, and is no member of system:masters. */
async function trusted(name: string, ...groups: string[]): Promise<Client> {
  await server.admin.create(clusterRoleBinding, {
    metadata: { name: name.replaceAll(':', '-') },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  });
  await server.registry.fresh();
  return server.as(name, ...groups);
}

const makes = (client: Client, count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) =>
    client.create(configMap, { metadata: { name: `${prefix}-${i}`, namespace: 'default' } }),
  );

/** Rows of a debug page, by what their level is called. */
async function level(name: string): Promise<{ waiting: number; executing: number }> {
  const page = await server.admin.request('GET', '/debug/api_priority_and_fairness/dump_priority_levels');
  const [head, ...rows] = page.body
    .toString()
    .trim()
    .split('\n')
    .map((row) => row.split(/,\s+/));
  const row = rows.find(([first]) => first === name)!;
  const number = (column: string) => Number(row[head!.indexOf(column)]);
  return { waiting: number('WaitingRequests'), executing: number('ExecutingRequests') };
}

describe('a server under load', () => {
  it('lets a mouse by while an elephant waits', async () => {
    const elephant = await trusted('elephant');
    const mouse = await trusted('mouse');
    const crowd = makes(elephant, 60, 'elephant');
    await eventually(async () => (await level('global-default')).waiting >= 50);
    const [small] = makes(mouse, 1, 'mouse');
    let before = 0;
    await eventually(async () => {
      if (arrived.includes('mouse-0')) return true;
      // One request ends at a time, and another gets its seat.
      const next = held.shift();
      if (next) before++;
      next?.go();
      return false;
    });
    expect(before).toBeLessThan(20);
    const all = setInterval(
      () =>
        held.splice(0).forEach(({ go }) => {
          go();
        }),
      5,
    );
    await Promise.all([...crowd, small]);
    clearInterval(all);
    expect(arrived).toHaveLength(61);
  });

  it('lets leader election through while workload-low has no seat left', async () => {
    const busy = await trusted('system:serviceaccount:default:busy', 'system:serviceaccounts');
    const scheduler = await trusted('system:kube-scheduler');
    const crowd = makes(busy, 40, 'busy');
    await eventually(async () => (await level('workload-low')).waiting > 0);
    const made = await scheduler.create(lease, { metadata: { name: 'leader', namespace: 'kube-system' }, spec: {} });
    const name = 'leader';
    await scheduler.update(lease, { ...made, metadata: { ...made.metadata, name }, spec: { holderIdentity: 'me' } });
    const { waiting, executing } = await level('workload-low');
    expect(waiting).toBeGreaterThan(0);
    expect(waiting + executing).toBe(40);
    const all = setInterval(
      () =>
        held.splice(0).forEach(({ go }) => {
          go();
        }),
      5,
    );
    await Promise.all(crowd);
    clearInterval(all);
  });
});
