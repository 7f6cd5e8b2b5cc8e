import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';

let server: TestServer;
let call: Call;

beforeAll(async () => {
  server = await startApiServer({ plugins: 'default' });
  call = callsTo(server.url);
});
afterAll(() => server.close());

const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
const volumes = '/api/v1/persistentvolumes';
const classes = '/apis/storage.k8s.io/v1/storageclasses';
const claim = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const volume = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' }, ...spec },
});
const merge = { 'content-type': 'application/merge-patch+json' };
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
/** A cell of the first row. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the server answered.
const cells = (body: any): unknown[] => body.rows[0].cells;
// biome-ignore lint/suspicious/noExplicitAny: whatever the server answered.
const headings = (body: any): string[] => body.columnDefinitions.map((each: any) => each.name);

describe('discovery', () => {
  it.each<[string, Record<string, { shortNames?: string[]; namespaced: boolean }>]>([
    [
      '/api/v1',
      {
        persistentvolumes: { shortNames: ['pv'], namespaced: false },
        'persistentvolumes/status': { namespaced: false },
        persistentvolumeclaims: { shortNames: ['pvc'], namespaced: true },
        'persistentvolumeclaims/status': { namespaced: true },
      },
    ],
    [
      '/apis/storage.k8s.io/v1',
      {
        csidrivers: { namespaced: false },
        csinodes: { namespaced: false },
        csistoragecapacities: { namespaced: true },
        storageclasses: { shortNames: ['sc'], namespaced: false },
        volumeattachments: { namespaced: false },
        'volumeattachments/status': { namespaced: false },
        volumeattributesclasses: { shortNames: ['vac'], namespaced: false },
      },
    ],
    [
      '/apis/networking.k8s.io/v1',
      {
        ingresses: { shortNames: ['ing'], namespaced: true },
        'ingresses/status': { namespaced: true },
        ingressclasses: { namespaced: false },
        networkpolicies: { shortNames: ['netpol'], namespaced: true },
      },
    ],
  ])('%s names the kinds', async (path, expected) => {
    const { body } = await call('GET', path);
    for (const [name, entry] of Object.entries(expected)) {
      // biome-ignore lint/suspicious/noExplicitAny: whatever the server answered.
      const found = body.resources.find((each: any) => each.name === name);
      const { shortNames, namespaced } = found;
      expect({ ...(shortNames ? { shortNames } : {}), namespaced }).toEqual(entry);
    }
  });
});

describe('a claim', () => {
  it('gets a finalizer, a phase and the newest default class', async () => {
    expect((await call('POST', claims, claim('early'))).body.spec.storageClassName).toBeUndefined();
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const made = await call('POST', classes, {
      metadata: { name: 'fast', annotations },
      provisioner: 'csi.example.com',
      allowVolumeExpansion: true,
    });
    expect(made.body).toMatchObject({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
    const { body } = await call('POST', claims, claim('late'));
    expect(body).toMatchObject({
      metadata: { finalizers: ['kubernetes.io/pvc-protection'] },
      spec: { storageClassName: 'fast', volumeMode: 'Filesystem' },
      status: { phase: 'Pending' },
    });
    expect((await call('POST', claims, claim('none', { storageClassName: '' }))).body.spec.storageClassName).toBe('');
    const shown = await call('GET', `${classes}/fast`, undefined, table);
    expect(cells(shown.body).slice(0, 5)).toEqual(['fast (default)', 'csi.example.com', 'Delete', 'Immediate', true]);
  });

  it('grows once it is bound, where its class lets it', async () => {
    const bigger = { spec: { resources: { requests: { storage: '2Gi' } } } };
    const patch = (name: string) => call('PATCH', `${claims}/${name}`, bigger, merge);
    expect((await patch('late')).body.message).toMatch(
      /^PersistentVolumeClaim "late" is invalid: spec: Forbidden: spec is immutable after creation/,
    );
    for (const name of ['late', 'none']) {
      const status = { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
      const { body } = await call('PATCH', `${claims}/${name}/status`, { status }, merge);
      expect(body.status).toEqual(status);
    }
    expect((await patch('late')).status).toBe(200);
    expect((await patch('none')).body).toMatchObject({
      code: 403,
      message:
        'persistentvolumeclaims "none" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    });
    const shown = await call('GET', `${claims}/late`, undefined, table);
    expect(headings(shown.body)).toEqual([
      'Name',
      'Status',
      'Volume',
      'Capacity',
      'Access Modes',
      'StorageClass',
      'VolumeAttributesClass',
      'Age',
      'VolumeMode',
    ]);
    expect(cells(shown.body).slice(0, 7)).toEqual(['late', 'Bound', '', '', '', 'fast', '<unset>']);
  });

  it('stays, Terminating, as long as its finalizer does', async () => {
    await call('DELETE', `${claims}/early`);
    const shown = await call('GET', `${claims}/early`, undefined, table);
    expect(cells(shown.body)[1]).toBe('Terminating');
    await call('PATCH', `${claims}/early`, { metadata: { finalizers: null } }, merge);
    expect((await call('GET', `${claims}/early`)).status).toBe(404);
  });
});

describe('a volume', () => {
  it('says since when it is in its phase', async () => {
    const { body } = await call('POST', volumes, volume('a'));
    expect(body).toMatchObject({
      metadata: { finalizers: ['kubernetes.io/pv-protection'] },
      status: { phase: 'Pending' },
    });
    expect(body.status.lastPhaseTransitionTime).toMatch(/Z$/);
    const since = '2020-01-01T00:00:00Z';
    const status = async (phase: string, lastPhaseTransitionTime?: string | null) =>
      (await call('PATCH', `${volumes}/a/status`, { status: { phase, lastPhaseTransitionTime } }, merge)).body.status;
    expect(await status('Available', since)).toEqual({ phase: 'Available', lastPhaseTransitionTime: since });
    expect(await status('Available', null)).toEqual({ phase: 'Available', lastPhaseTransitionTime: since });
    expect((await status('Bound')).lastPhaseTransitionTime > since).toBe(true);
  });

  it('is written with warnings of what is on its way out', async () => {
    const old = volume(
      'b',
      { hostPath: undefined, rbd: { monitors: ['m'], image: 'i' }, persistentVolumeReclaimPolicy: 'Recycle' },
      { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } },
    );
    const { headers } = await call('POST', volumes, old);
    expect(headers.get('warning')!.match(/"(.*?[^\\])"(, |$)/g)).toEqual([
      '"metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \\"storageClassName\\" attribute instead", ',
      '"spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.", ',
      '"spec.rbd: deprecated in v1.28, non-functional in v1.31+"',
    ]);
  });

  it('reports its state only to who has seen it', async () => {
    const { body } = await call('GET', `${volumes}/a`);
    delete body.metadata.resourceVersion;
    expect((await call('PUT', `${volumes}/a/status`, body)).body).toMatchObject({
      code: 422,
      message: 'PersistentVolume "a" is invalid: resourceVersion: Required value',
    });
  });
});

describe('a pod', () => {
  const volumes = [
    { name: 'a', gitRepo: { repository: 'r' } },
    { name: 'b', rbd: { monitors: ['m'], image: 'i' } },
    {
      name: 'c',
      ephemeral: { volumeClaimTemplate: { spec: claim('', { resources: { requests: { storage: '1500m' } } }).spec } },
    },
  ];
  const containers = [{ name: 'c', image: 'i' }];
  const texts = [
    'volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+',
    'volumes[1].rbd: deprecated in v1.28, non-functional in v1.31+',
    'volumes[2].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value \\"1500m\\" is invalid, must be an integer',
  ];
  const warned = (headers: Headers) =>
    headers
      .get('warning')
      ?.split(', 299 - ')
      .map((each) => each.replace('299 - ', ''));

  it('and a template of pods are written with warnings of their volumes', async () => {
    await call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    const pod = { metadata: { name: 'p' }, spec: { containers, volumes } };
    const made = await call('POST', '/api/v1/namespaces/default/pods', pod);
    expect(warned(made.headers)).toEqual(texts.map((text) => `"spec.${text}"`));
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers, volumes } };
    const deployment = { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } };
    const ofTemplate = texts.map((text) => `"spec.template.spec.${text}"`);
    expect(warned((await call('POST', path, deployment)).headers)).toEqual(ofTemplate);
    // Each new generation is warned of, whatever of it is new.
    const scaled = await call('PATCH', `${path}/d`, { spec: { replicas: 3 } }, merge);
    expect(warned(scaled.headers)).toEqual(ofTemplate);
    const labelled = await call('PATCH', `${path}/d`, { metadata: { labels: { a: 'b' } } }, merge);
    expect([labelled.status, labelled.headers.get('warning')]).toEqual([200, null]);
  });
});
