import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEtcd, type TestEtcd } from '../../testing/etcd.ts';
import { eventually } from '../../testing/expectations.ts';
import { startProgram, type TestProgram } from '../../testing/program.ts';

let etcd: TestEtcd;
let one: TestProgram;
let two: TestProgram;

beforeAll(async () => {
  etcd = await startEtcd();
  one = await startProgram(etcd.url, ['--endpoint-reconciler-type=none']);
  two = await startProgram(etcd.url, ['--endpoint-reconciler-type=none'], one.authority);
});
afterAll(async () => {
  await one?.close();
  await two?.close();
  await etcd?.close();
});

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';

interface Listed {
  metadata: { name: string; generation: number; resourceVersion: string };
  status?: { conditions?: { reason: string }[] };
}

const listed = async (program: TestProgram, plural: string): Promise<Listed[]> =>
  JSON.parse((await program.get(`${group}/${plural}`)).text).items;

/** What upstream's kubectl shows, as cells without the age. */
async function shown(what: string): Promise<string[][]> {
  const { stdout } = await promisify(execFile)('kubectl', ['--kubeconfig', one.kubeconfig, 'get', what]);
  const rows = stdout.trim().split('\n');
  const columns = [...rows[0]!.matchAll(/\S+\s*/g)].map(({ index }) => index);
  const cells = rows.map((row) => columns.map((from, i) => row.slice(from, columns[i + 1]).trim()));
  const age = cells[0]!.indexOf('AGE');
  return cells.map((row) => row.filter((_, i) => i !== age));
}

describe('two servers of a new cluster', () => {
  it('have what upstream suggests, each object written once and once more for its status', async () => {
    await eventually(async () => (await listed(two, 'flowschemas')).every((each) => each.status?.conditions?.length));
    const [schemas, levels] = [await listed(one, 'flowschemas'), await listed(one, 'prioritylevelconfigurations')];
    expect(schemas).toHaveLength(13);
    expect(levels).toHaveLength(8);
    expect([...schemas, ...levels].filter(({ metadata }) => metadata.generation !== 1)).toEqual([]);
    expect(schemas.filter(({ status }) => status?.conditions?.[0]?.reason !== 'Found')).toEqual([]);
    // A third one finds nothing to do.
    const third = await startProgram(etcd.url, ['--endpoint-reconciler-type=none'], one.authority);
    await third.close();
    expect(await listed(one, 'flowschemas')).toEqual(schemas);
    expect(await listed(one, 'prioritylevelconfigurations')).toEqual(levels);
  });

  it('say so in their health', async () => {
    const { text } = await one.get('/readyz?verbose');
    expect(text).toContain('[+]poststarthook/priority-and-fairness-config-producer ok');
    expect(text).toContain('[+]poststarthook/priority-and-fairness-config-consumer ok');
  });

  it('show them as upstream does, schemas in the order they are looked at', async () => {
    expect(await shown('flowschemas')).toEqual([
      ['NAME', 'PRIORITYLEVEL', 'MATCHINGPRECEDENCE', 'DISTINGUISHERMETHOD', 'MISSINGPL'],
      ['exempt', 'exempt', '1', '<none>', 'False'],
      ['probes', 'exempt', '2', '<none>', 'False'],
      ['system-leader-election', 'leader-election', '100', 'ByUser', 'False'],
      ['endpoint-controller', 'workload-high', '150', 'ByUser', 'False'],
      ['workload-leader-election', 'leader-election', '200', 'ByUser', 'False'],
      ['system-node-high', 'node-high', '400', 'ByUser', 'False'],
      ['system-nodes', 'system', '500', 'ByUser', 'False'],
      ['kube-controller-manager', 'workload-high', '800', 'ByNamespace', 'False'],
      ['kube-scheduler', 'workload-high', '800', 'ByNamespace', 'False'],
      ['kube-system-service-accounts', 'workload-high', '900', 'ByNamespace', 'False'],
      ['service-accounts', 'workload-low', '9000', 'ByUser', 'False'],
      ['global-default', 'global-default', '9900', 'ByUser', 'False'],
      ['catch-all', 'catch-all', '10000', 'ByUser', 'False'],
    ]);
    expect(await shown('prioritylevelconfigurations')).toEqual([
      ['NAME', 'TYPE', 'NOMINALCONCURRENCYSHARES', 'QUEUES', 'HANDSIZE', 'QUEUELENGTHLIMIT'],
      ['catch-all', 'Limited', '5', '<none>', '<none>', '<none>'],
      ['exempt', 'Exempt', '<none>', '<none>', '<none>', '<none>'],
      ['global-default', 'Limited', '20', '128', '6', '50'],
      ['leader-election', 'Limited', '10', '16', '4', '50'],
      ['node-high', 'Limited', '40', '64', '6', '50'],
      ['system', 'Limited', '30', '64', '6', '50'],
      ['workload-high', 'Limited', '40', '128', '6', '50'],
      ['workload-low', 'Limited', '100', '128', '6', '50'],
    ]);
  });
});

describe('a server without priority and fairness', () => {
  it('makes none of them, and says nothing of them', async () => {
    const alone = await startEtcd();
    const program = await startProgram(alone.url, ['--enable-priority-and-fairness=false']);
    try {
      expect(await listed(program, 'flowschemas')).toEqual([]);
      expect(await listed(program, 'prioritylevelconfigurations')).toEqual([]);
      expect((await program.get('/readyz?verbose')).text).not.toContain('priority-and-fairness');
    } finally {
      await program.close();
      await alone.close();
    }
  });
});
