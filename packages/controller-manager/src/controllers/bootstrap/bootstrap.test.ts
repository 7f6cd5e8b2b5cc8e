import { isSignedBy } from '@coracle/api/bootstrap/cluster-info';
import { configMap } from '@coracle/api/core/v1/configmap';
import { secret } from '@coracle/api/core/v1/secret';
import { formatTime } from '@coracle/api/meta/time';
import type { Secret } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { allControllers } from '../../controllers.ts';
import { selectControllers } from '../../manager.ts';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { tokenCleanerController } from './cleaner.ts';
import { bootstrapSignerController } from './signer.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const hour = 3_600_000;
const token = (id: string, data: Record<string, string> = {}, more: Partial<Secret> = {}): Secret => ({
  metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
  type: 'bootstrap.kubernetes.io/token',
  stringData: {
    'token-id': id,
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-signing': 'true',
    'usage-bootstrap-authentication': 'true',
    ...data,
  },
  ...more,
});
const make = (it: Secret) => cluster.client.create(secret, it);

const kubeconfig = 'apiVersion: v1\nkind: Config\n';
const makeInfo = () =>
  cluster.client.create(configMap, {
    metadata: { name: 'cluster-info', namespace: 'kube-public' },
    data: { kubeconfig, 'jws-kubeconfig-000000': 'left..over' },
  });
const info = async () => (await cluster.get(configMap, 'cluster-info', 'kube-public')).data!;
const signed = (...ids: string[]) =>
  cluster.eventually(
    info,
    (data) =>
      [...Object.keys(data)].sort().join() === [...ids.map((id) => `jws-kubeconfig-${id}`), 'kubeconfig'].join(),
  );

describe('bootstrap-signer-controller', () => {
  it('signs cluster-info with every token that may, and keeps no other signature', async () => {
    cluster = await testCluster([bootstrapSignerController]);
    await makeInfo();
    await make(token('aaaaaa'));
    await make(token('bbbbbb', { expiration: formatTime(Date.now() + hour) }));
    await make(token('cccccc', { 'usage-bootstrap-signing': 'false' }));
    await make(token('dddddd', { expiration: formatTime(Date.now() - hour) }));
    await make(token('eeeeee', { 'token-id': 'ffffff' }));
    await make(token('gggggg', {}, { type: 'Opaque' }));
    const data = await signed('aaaaaa', 'bbbbbb');
    const holder = { id: 'aaaaaa', secret: '0123456789abcdef' };
    expect(isSignedBy(data['jws-kubeconfig-aaaaaa']!, data['kubeconfig']!, holder)).toBe(true);
    expect(data['kubeconfig']).toBe(kubeconfig);
  });

  it('signs anew what changed, and takes back the signature of a token that is gone', async () => {
    cluster = await testCluster([bootstrapSignerController]);
    await makeInfo();
    await make(token('aaaaaa'));
    const before = await signed('aaaaaa');
    await cluster.change(
      configMap,
      'cluster-info',
      (it) => {
        it.data = { ...it.data, kubeconfig: `${kubeconfig}preferences: {}\n` };
      },
      { namespace: 'kube-public' },
    );
    await cluster.eventually(info, (data) => data['jws-kubeconfig-aaaaaa'] !== before['jws-kubeconfig-aaaaaa']);
    await cluster.client.delete(secret, 'bootstrap-token-aaaaaa', 'kube-system');
    await signed();
  });

  it('takes a signature back when its token expires', async () => {
    cluster = await testCluster([bootstrapSignerController]);
    await makeInfo();
    await make(token('aaaaaa'));
    await make(token('bbbbbb', { expiration: formatTime(Date.now() + 2000) }));
    await signed('aaaaaa', 'bbbbbb');
    await signed('aaaaaa');
  });
});

describe('token-cleaner-controller', () => {
  it('deletes tokens when they expire, and those whose expiry is no time', async () => {
    cluster = await testCluster([tokenCleanerController]);
    await make(token('aaaaaa'));
    await make(token('bbbbbb', { expiration: formatTime(Date.now() + hour) }));
    await make(token('cccccc', { expiration: formatTime(Date.now() + 1000) }));
    await make(token('dddddd', { expiration: 'tomorrow' }));
    await make(token('eeeeee', { expiration: formatTime(Date.now() - hour) }, { type: 'Opaque' }));
    const left = async () => (await cluster.list(secret, 'kube-system')).map((each) => each.metadata.name);
    const expected = ['bootstrap-token-aaaaaa', 'bootstrap-token-bbbbbb', 'bootstrap-token-eeeeee'];
    await cluster.eventually(left, (names) => names.join() === expected.join());
    expect(await left()).toEqual(expected);
  });
});

it('run only where --controllers names them', async () => {
  cluster = await testCluster([]);
  const names = (wanted: string[]) => selectControllers(allControllers(), wanted).map((each) => each.name);
  expect(names(['*'])).not.toContain('bootstrap-signer-controller');
  expect(names(['*'])).not.toContain('token-cleaner-controller');
  const both = ['bootstrap-signer-controller', 'token-cleaner-controller'];
  expect(names(['bootstrapsigner', 'tokencleaner'])).toEqual(both);
  expect(names(['*', ...both])).toEqual(expect.arrayContaining(both));
});
