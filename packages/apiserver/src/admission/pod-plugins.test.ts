import { namespace } from '@coracle/api/core/v1/namespace';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { KubeObject } from '@coracle/api/kind';
import type { StatusError } from '@coracle/api/meta/status';
import type { EphemeralContainer, Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { account, admit, reading, web } from '../testing/admitting.ts';

describe('a new pod', () => {
  it('gets its service account, a token, pull secrets, tolerations and a priority', async () => {
    const { spec } = (await admit({ kind: pod, object: web() })) as Pod;
    expect(spec).toMatchObject({
      serviceAccountName: 'default',
      serviceAccount: 'default',
      imagePullSecrets: [{ name: 'pull' }],
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
        { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    });
    expect(spec.volumes).toHaveLength(1);
    const [volume] = spec.volumes!;
    expect(volume!.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(volume!.projected?.sources?.[0]).toEqual({
      serviceAccountToken: { expirationSeconds: 3607, path: 'token' },
    });
    expect(spec.containers[0]!.volumeMounts).toEqual([
      { name: volume!.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ]);
  });

  it('gets no token where the account or the pod wants none, or a container brings its own', async () => {
    const volumes = async (spec: Partial<Pod['spec']>) =>
      ((await admit({ kind: pod, object: web(spec) })) as Pod).spec.volumes;
    expect(await volumes({ serviceAccountName: 'quiet' })).toBeUndefined();
    expect(await volumes({ serviceAccountName: 'quiet', automountServiceAccountToken: true })).toHaveLength(1);
    expect(await volumes({ automountServiceAccountToken: false })).toBeUndefined();
    const own = [{ name: 'mine', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }];
    expect(await volumes({ containers: [{ name: 'c', volumeMounts: own }] })).toBeUndefined();
  });

  it('is left to validation where it lacks what every pod has', async () => {
    const without = (spec: object) => admit({ kind: pod, object: web(spec as Partial<Pod['spec']>) });
    expect(await without({ containers: undefined })).toMatchObject({ spec: { serviceAccountName: 'default' } });
    expect(await without({ volumes: [{}] })).toMatchObject({ spec: { volumes: [{}, { projected: {} }] } });
  });

  it.each<[string, Partial<Pod['spec']>, string]>([
    [
      'an account that is not there',
      { serviceAccountName: 'ghost' },
      'error looking up service account default/ghost: serviceaccount "ghost" not found',
    ],
    [
      'a priority of its own',
      { priority: 7 },
      'the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
    ['a class that is not there', { priorityClassName: 'x' }, 'no PriorityClass with name x was found'],
    ['a runtime class', { runtimeClassName: 'kata' }, 'pod rejected: RuntimeClass "kata" not found'],
  ])('is refused with %s', async (_, spec, why) => {
    await expect(admit({ kind: pod, object: web(spec) })).rejects.toThrow(`pods "web" is forbidden: ${why}`);
  });

  it('may use the secrets its account lists, where the account says so', async () => {
    const strict = {
      metadata: {
        name: 'strict',
        namespace: 'default',
        annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
      },
      secrets: [{ name: 'known' }],
    };
    const objects = reading([serviceAccount, strict], [namespace, { metadata: { name: 'default' } }]);
    const using = (secretName: string) =>
      admit({
        kind: pod,
        objects,
        object: web({ serviceAccountName: 'strict', volumes: [{ name: 'v', secret: { secretName } }] }),
      });
    await using('known');
    await expect(using('other')).rejects.toThrow(
      'volume with secret.secretName="other" is not allowed because service account strict does not reference that secret',
    );
  });

  it('brings no other secrets into itself by ephemeral containers', async () => {
    const annotations = { 'kubernetes.io/enforce-mountable-secrets': 'true' };
    const strict = {
      metadata: { name: 'strict', namespace: 'default', annotations },
      secrets: [{ name: 'known' }],
    };
    const objects = reading([serviceAccount, strict], [namespace, { metadata: { name: 'default' } }]);
    const adding = (guest: Partial<EphemeralContainer>, account = 'strict') =>
      admit({
        kind: pod,
        operation: 'UPDATE',
        subresource: 'ephemeralcontainers',
        objects,
        old: web({ serviceAccountName: account }),
        object: web({ serviceAccountName: account, ephemeralContainers: [{ name: 'e', image: 'x', ...guest }] }),
      });
    const variable = (name: string) => ({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name, key: 'k' } } }] });
    await adding(variable('known'));
    const because = 'is not allowed because service account strict does not reference that secret';
    await expect(adding(variable('other'))).rejects.toThrow(
      `pods "web" is forbidden: ephemeral container e with envVar A referencing secret.secretName="other" ${because}`,
    );
    await expect(adding({ envFrom: [{ secretRef: { name: 'other' } }] })).rejects.toThrow(
      `ephemeral container e with envFrom referencing secret.secretName="other" ${because}`,
    );
    await expect(adding({}, 'gone')).rejects.toThrow('error looking up service account default/gone');
  });

  it('of a system class gets its number', async () => {
    const { spec } = (await admit({ kind: pod, object: web({ priorityClassName: 'system-node-critical' }) })) as Pod;
    expect(spec.priority).toBe(2_000_001_000);
  });
});

describe('a pod that runs', () => {
  const sized = (cpu: string, change: object = {}, generation = 1, nodeName = 'linux') => ({
    metadata: { name: 'web', namespace: 'default', generation },
    spec: {
      nodeName,
      containers: [
        { name: 'c', image: 'x', resources: { requests: { cpu, memory: '1Gi' }, limits: { cpu, memory: '1Gi' } } },
      ],
    },
    status: { qosClass: 'Burstable' },
    ...change,
  });
  const machine = (name: string, os: string, declaredFeatures: string[] = []) =>
    ({
      metadata: { name, labels: { 'kubernetes.io/os': os } },
      status: { allocatable: { cpu: '4', memory: '8Gi' }, declaredFeatures },
    }) as KubeObject;
  const objects = reading(
    [namespace, { metadata: { name: 'default' } }],
    [serviceAccount, account],
    [node, machine('linux', 'linux')],
    [node, machine('able', 'linux', ['GuaranteedQoSPodCPUResize'])],
    [node, machine('other', 'windows')],
  );
  const resize = async (now: KubeObject, old: KubeObject, subresource = 'resize') => {
    try {
      await admit({ kind: pod, operation: 'UPDATE', subresource, object: now, old, objects });
    } catch (error) {
      return (error as StatusError).status;
    }
    return undefined;
  };

  it('asks for no more than its node has, on Linux', async () => {
    expect(await resize(sized('4', {}, 2), sized('1'))).toBeUndefined();
    expect(await resize(sized('4100m', {}, 2), sized('1'))).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message:
        'pods "web" is forbidden: Node didn\'t have enough allocatable resources: cpu, requested: 4100, allocatable: 4000',
      details: { name: 'web', kind: 'pods', causes: [{ reason: 'NodeCapacity' }] },
    });
    expect(await resize(sized('2', {}, 2, 'other'), sized('1', {}, 1, 'other'))).toMatchObject({
      message: 'pods "web" is forbidden: pod resize is only supported on linux nodes, node "other" is "windows"',
      details: { causes: [{ reason: 'UnsupportedPlatform' }] },
    });
    expect((await resize(sized('2', {}, 2, 'gone'), sized('1', {}, 1, 'gone')))?.message).toBe(
      'pods "web" is forbidden: node "gone" not found',
    );
    // Nothing changes, or no node is there yet, or it is another update.
    expect(await resize(sized('9'), sized('9'))).toBeUndefined();
    expect(await resize(sized('9', {}, 2, ''), sized('1', {}, 1, ''))).toBeUndefined();
    expect(await resize(sized('9', {}, 2), sized('1'), 'status')).toBeUndefined();
  });

  it('is changed into nothing that its node cannot do', async () => {
    const status = { qosClass: 'Guaranteed' };
    const message =
      'pods "web" is forbidden: pod update requires features GuaranteedQoSPodCPUResize which are not available on node "linux"';
    expect((await resize(sized('2', { status }, 2), sized('1', { status })))?.message).toBe(message);
    expect(await resize(sized('2', { status }, 2, 'able'), sized('1', { status }, 1, 'able'))).toBeUndefined();
  });
});
