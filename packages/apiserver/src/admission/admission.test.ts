import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { lease } from '@coracle/api/coordination/v1/lease';
import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { clone } from '@coracle/api/meta/object';
import type { StatusError } from '@coracle/api/meta/status';
import { priorityClass, systemPriorityClasses } from '@coracle/api/scheduling/v1/priorityclass';
import type { EphemeralContainer, Node, Pod } from '@coracle/api/types/core/v1';
import { makeRequest } from '@coracle/process/pki';
import { describe, expect, it } from '@jest/globals';
import { alwaysAllow, alwaysDeny } from '../chain/authorization/authorizer.ts';
import type { UserInfo } from '../chain/link.ts';
import type { ObjectAccess } from '../registry/access.ts';
import { builtinAdmission, defaultAdmissionPlugins } from './builtin.ts';
import { type Attributes, Reinvocation } from './plugin.ts';

const webhookPlugins = ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'];
const admin: UserInfo = { name: 'admin', uid: '', groups: ['system:authenticated'], extra: {} };
const n1: UserInfo = { name: 'system:node:n1', uid: '', groups: ['system:nodes', 'system:authenticated'], extra: {} };

/** Objects that only can be read, by kind and key. */
function reading(...there: [AnyKind, KubeObject][]): ObjectAccess {
  const find = (kind: AnyKind, name: string, at = '') =>
    there.find(
      ([each, { metadata }]) => each === kind && metadata.name === name && (metadata.namespace ?? '') === at,
    )?.[1];
  const all = (kind: AnyKind) => there.filter(([each]) => each === kind).map(([, object]) => object);
  return {
    cached: (kind: AnyKind, name: string, at?: string) => find(kind, name, at),
    cachedList: all,
    list: async (kind: AnyKind) => all(kind),
    get: async (kind: AnyKind, name: string, at?: string) => find(kind, name, at),
    lookUp: async (kind: AnyKind, name: string, at?: string) => find(kind, name, at),
  } as unknown as ObjectAccess;
}

interface Case {
  kind: AnyKind;
  operation?: Attributes['operation'];
  object?: KubeObject;
  old?: KubeObject;
  subresource?: string;
  user?: UserInfo;
  objects?: ObjectAccess;
  allow?: boolean;
}

/** Runs all default plugins and NodeRestriction; returns the object as they leave it. */
async function admit({
  kind,
  operation = 'CREATE',
  object,
  old,
  subresource = '',
  user = admin,
  objects,
  allow = true,
}: Case) {
  const { metadata } = (object ?? old)!;
  const attributes: Attributes = {
    kind,
    objectKind: kind,
    group: kind.group,
    version: kind.version,
    resource: kind.plural,
    subresource,
    namespace: kind.namespaced ? (metadata.namespace ?? 'default') : '',
    name: metadata.name ?? '',
    operation,
    object: object && clone(object),
    oldObject: old,
    user,
    dryRun: false,
    options: {},
    objects: objects ?? cluster,
    warn: () => undefined,
    annotate: () => undefined,
    releases: [],
    reinvocation: new Reinvocation(),
  };
  const authorizer = allow ? alwaysAllow : alwaysDeny;
  const plugins = builtinAdmission({ authorizer, enable: ['NodeRestriction'], disable: webhookPlugins });
  for (const plugin of plugins) await plugin.mutate?.(attributes);
  for (const plugin of plugins) await plugin.validate?.(attributes);
  return attributes.object;
}

const account = { metadata: { name: 'default', namespace: 'default' }, imagePullSecrets: [{ name: 'pull' }] };
const cluster = reading(
  [namespace, { metadata: { name: 'default' }, status: { phase: 'Active' } } as KubeObject],
  [namespace, { metadata: { name: 'ending' }, status: { phase: 'Terminating' } } as KubeObject],
  [namespace, { metadata: { name: 'kube-node-lease' } }],
  [serviceAccount, account],
  [
    serviceAccount,
    { metadata: { name: 'quiet', namespace: 'default' }, automountServiceAccountToken: false } as KubeObject,
  ],
  ...systemPriorityClasses.map((each): [AnyKind, KubeObject] => [priorityClass, each]),
  [node, { metadata: { name: 'n1', uid: 'n1-uid' } }],
  [pod, { metadata: { name: 'there', namespace: 'default', uid: 'u' }, spec: { nodeName: 'n2' } } as KubeObject],
);

const web = (spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
});

describe('the plugins of a server', () => {
  it('are the default ones, in order, with those asked for', () => {
    const names = (options: { enable?: string[]; disable?: string[] }) =>
      builtinAdmission({
        authorizer: alwaysAllow,
        ...options,
        disable: [...webhookPlugins, ...(options.disable ?? [])],
      }).map(({ name }) => name);
    expect(names({})).toEqual([
      'NamespaceLifecycle',
      'LimitRanger',
      'ServiceAccount',
      'TaintNodesByCondition',
      'PodSecurity',
      'Priority',
      'DefaultTolerationSeconds',
      'DefaultStorageClass',
      'StorageObjectInUseProtection',
      'PersistentVolumeClaimResize',
      'RuntimeClass',
      'CertificateApproval',
      'CertificateSigning',
      'CertificateSubjectRestriction',
      'DefaultIngressClass',
      'PodTopologyLabels',
      'NodeDeclaredFeatureValidator',
      'PodResizeValidator',
      'ResourceQuota',
    ]);
    expect(names({ enable: ['NodeRestriction'], disable: ['Priority'] })).toContain('NodeRestriction');
    expect(names({ disable: ['Priority'] })).not.toContain('Priority');
    expect(defaultAdmissionPlugins).toContain('ResourceQuota');
    expect(() => names({ enable: ['Nothing'] })).toThrow('unknown admission plugin "Nothing"');
    expect(names({ enable: ['AlwaysDeny', 'AlwaysAdmit', 'PodNodeSelector'] })).toEqual(
      expect.arrayContaining(['AlwaysAdmit', 'PodNodeSelector', 'AlwaysDeny']),
    );
    for (const name of ['EventRateLimit', 'ImagePolicyWebhook']) {
      expect(() => names({ enable: [name] })).toThrow(`admission plugin "${name}" needs a configuration`);
    }
    expect(() => names({ enable: ['Priority'], disable: ['Priority'] })).toThrow('overlapped');
  });
});

describe('NamespaceLifecycle', () => {
  const map = (namespace: string) => ({ metadata: { name: 'm', namespace } });

  it('refuses what would live nowhere, or in a namespace that ends', async () => {
    await admit({ kind: configMap, object: map('default') });
    await expect(admit({ kind: configMap, object: map('none') })).rejects.toThrow('namespaces "none" not found');
    const error = (await admit({ kind: configMap, object: map('ending') }).catch(
      (it: StatusError) => it,
    )) as StatusError;
    expect(error.status).toMatchObject({
      code: 403,
      message:
        'configmaps "m" is forbidden: unable to create new content in namespace ending because it is being terminated',
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: 'namespace ending is being terminated',
            field: 'metadata.namespace',
          },
        ],
      },
    });
    await admit({ kind: configMap, operation: 'UPDATE', object: map('ending'), old: map('ending') });
    await admit({ kind: configMap, operation: 'DELETE', old: map('ending') });
  });

  it('keeps the namespaces of the system', async () => {
    const deleting = (name: string) => admit({ kind: namespace, operation: 'DELETE', old: { metadata: { name } } });
    await expect(deleting('kube-system')).rejects.toThrow(
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    );
    await deleting('mine');
  });
});

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

describe('a new node', () => {
  it('is tainted until it is ready', async () => {
    const made = (await admit({ kind: node, object: { metadata: { name: 'n1' } } })) as Node;
    expect(made.spec?.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  });
});

describe('NodeRestriction', () => {
  const mirror = (change: Partial<Pod['metadata']> = {}, spec: Partial<Pod['spec']> = {}): Pod => ({
    metadata: {
      name: 'static-n1',
      namespace: 'default',
      annotations: { 'kubernetes.io/config.mirror': 'x' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'n1-uid', controller: true }],
      ...change,
    },
    spec: { nodeName: 'n1', containers: [], ...spec },
  });
  const nodeObject = (name: string, labels?: Record<string, string>, taints?: { key: string; effect: string }[]) => ({
    metadata: { name, ...(labels ? { labels } : {}) },
    spec: { ...(taints ? { taints } : {}) },
  });
  const bound = (nodeName: string, labels = {}) => ({
    metadata: { name: 'p', namespace: 'default', labels },
    spec: { nodeName, containers: [] },
  });
  const ref = { apiVersion: 'v1', kind: 'Pod', name: 'there', uid: 'u' };
  const token = (boundObjectRef?: object) => ({
    metadata: { name: 'robot', namespace: 'default' },
    spec: { audiences: [], boundObjectRef },
  });
  const inLeases = (name: string) => ({ metadata: { name, namespace: 'kube-node-lease' } });

  it.each<[string, Case, string | undefined]>([
    ['a mirror pod', { kind: pod, object: mirror() }, undefined],
    [
      'a pod',
      { kind: pod, object: mirror({ annotations: {} }) },
      'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    ],
    [
      'a mirror pod elsewhere',
      { kind: pod, object: mirror({}, { nodeName: 'n2' }) },
      'node "n1" can only create pods with spec.nodeName set to itself',
    ],
    [
      'a mirror pod of nobody',
      { kind: pod, object: mirror({ ownerReferences: [] }) },
      'node "n1" can only create pods with an owner reference set to itself',
    ],
    [
      'a mirror pod of an earlier node',
      { kind: pod, object: mirror({ ownerReferences: [{ ...mirror().metadata.ownerReferences![0]!, uid: 'old' }] }) },
      'node n1 UID mismatch: expected old got n1-uid',
    ],
    [
      'a mirror pod with a secret',
      { kind: pod, object: mirror({}, { volumes: [{ name: 'v', secret: { secretName: 's' } }] }) },
      'a mirror pod may not reference secrets',
    ],
    [
      'its own node',
      { kind: node, object: nodeObject('n1', { 'kubernetes.io/hostname': 'n1', team: 'a' }) },
      undefined,
    ],
    [
      'a mirror pod with a driver',
      { kind: pod, object: mirror({}, { volumes: [{ name: 'v', csi: { driver: 'd' } }] }) },
      'node "n1" can not create pods that reference csidrivers (via CSI volumes)',
    ],
    [
      'a mirror pod with settings',
      { kind: pod, object: mirror({}, { volumes: [{ name: 'v', configMap: { name: 'm' } }] }) },
      'node "n1" can not create pods that reference configmaps',
    ],
    [
      'a mirror pod with a claim to come',
      {
        kind: pod,
        object: mirror({}, { resourceClaims: [{ name: 'r', resourceClaimTemplateName: 't' }] }),
      },
      'node "n1" can not create pods that reference resourceclaims',
    ],
    ['another node', { kind: node, object: nodeObject('n2') }, 'node "n1" is not allowed to modify node "n2"'],
    [
      'a protected label',
      { kind: node, object: nodeObject('n1', { 'node-restriction.kubernetes.io/x': 'y', 'k8s.io/z': '' }) },
      'node "n1" is not allowed to set the following labels: k8s.io/z, node-restriction.kubernetes.io/x',
    ],
    [
      'its role',
      {
        kind: node,
        operation: 'UPDATE',
        old: nodeObject('n1'),
        object: nodeObject('n1', { 'node-role.kubernetes.io/control-plane': '' }),
      },
      'is not allowed to modify labels: node-role.kubernetes.io/control-plane',
    ],
    [
      'its taints',
      {
        kind: node,
        operation: 'UPDATE',
        old: nodeObject('n1', {}, [{ key: 'a', effect: 'NoSchedule' }]),
        object: nodeObject('n1'),
      },
      'node "n1" is not allowed to modify taints',
    ],
    [
      'its taints, before its labels',
      {
        kind: node,
        operation: 'UPDATE',
        old: nodeObject('n1', {}, [{ key: 'a', effect: 'NoSchedule' }]),
        object: nodeObject('n1', { 'node-role.kubernetes.io/control-plane': '' }),
      },
      'node "n1" is not allowed to modify taints',
    ],
    [
      'another status of pods',
      { kind: pod, operation: 'CREATE', subresource: 'status', object: bound('n1') },
      'unexpected operation "CREATE"',
    ],
    [
      'status of its pod',
      { kind: pod, operation: 'UPDATE', subresource: 'status', old: bound('n1'), object: bound('n1') },
      undefined,
    ],
    [
      'status of a pod elsewhere',
      { kind: pod, operation: 'UPDATE', subresource: 'status', old: bound('n2'), object: bound('n2') },
      'node "n1" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'labels through status',
      { kind: pod, operation: 'UPDATE', subresource: 'status', old: bound('n1'), object: bound('n1', { a: 'b' }) },
      'node "n1" cannot update labels through pod status',
    ],
    [
      'the spec of its pod',
      { kind: pod, operation: 'UPDATE', old: bound('n1'), object: bound('n1') },
      'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
    ],
    ['the end of its pod', { kind: pod, operation: 'DELETE', old: bound('n1') }, undefined],
    [
      'the end of a pod elsewhere',
      { kind: pod, operation: 'DELETE', old: bound('n2') },
      'node "n1" can only delete pods with spec.nodeName set to itself',
    ],
    [
      'a token for nobody',
      { kind: serviceAccount, subresource: 'token', object: token() },
      'node requested token not bound to a pod',
    ],
    [
      'a token for a pod elsewhere',
      { kind: serviceAccount, subresource: 'token', object: token(ref) },
      'node requested token bound to a pod scheduled on a different node',
    ],
    [
      'a token for a later pod',
      { kind: serviceAccount, subresource: 'token', object: token({ ...ref, uid: 'v' }) },
      'the UID in the bound object reference (v) does not match the UID in record. The object might have been deleted and then recreated',
    ],
    ['its lease', { kind: lease, object: inLeases('n1') }, undefined],
    [
      'the lease of another',
      { kind: lease, object: inLeases('n2') },
      'can only access node lease with the same name as the requesting node',
    ],
  ])('judges %s', async (_, written, why) => {
    const outcome = admit({ user: n1, ...written });
    if (why === undefined) await outcome;
    else await expect(outcome).rejects.toThrow(`is forbidden: ${why}`);
  });

  it('leaves others alone', async () => {
    await admit({ kind: node, object: nodeObject('n2', { 'node-restriction.kubernetes.io/x': 'y' }) });
  });

  it('lets nodes ask for certificates in their own name only', async () => {
    const asking = async (commonName: string) => {
      const { request } = await makeRequest({ commonName, organizations: ['system:nodes'] });
      const spec = { request: Buffer.from(request).toString('base64'), signerName: 'kubernetes.io/kubelet-serving' };
      return admit({
        kind: certificateSigningRequest,
        user: n1,
        object: { metadata: { name: 'c' }, spec } as KubeObject,
      });
    };
    await asking('system:node:n1');
    await expect(asking('system:node:n2')).rejects.toThrow('can only create a node CSR with CN=system:node:n1');
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

describe('certificates', () => {
  const request = (signerName: string, status = {}, pem = '') =>
    ({
      metadata: { name: 'c' },
      spec: { signerName, request: Buffer.from(pem).toString('base64') },
      status,
    }) as KubeObject;
  const update = (subresource: string, status: object, allow: boolean) =>
    admit({
      kind: certificateSigningRequest,
      operation: 'UPDATE',
      subresource,
      old: request('example.com/s'),
      object: request('example.com/s', status),
      allow,
    });

  it('are approved and signed by those who may', async () => {
    const approved = { conditions: [{ type: 'Approved', status: 'True' }] };
    await update('approval', approved, true);
    await expect(update('approval', approved, false)).rejects.toThrow(
      'user not permitted to approve requests with signerName "example.com/s"',
    );
    await update('status', { certificate: 'x' }, true);
    await expect(update('status', { certificate: 'x' }, false)).rejects.toThrow(
      'user not permitted to sign requests with signerName "example.com/s"',
    );
    await update('status', {}, false);
  });

  it('make nobody a master', async () => {
    const { request: pem } = await makeRequest({ commonName: 'me', organizations: ['system:masters'] });
    const signer = 'kubernetes.io/kube-apiserver-client';
    await expect(admit({ kind: certificateSigningRequest, object: request(signer, {}, pem) })).rejects.toThrow(
      'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    );
    await expect(admit({ kind: certificateSigningRequest, object: request(signer, {}, 'x') })).rejects.toThrow(
      'failed to parse CSR',
    );
  });
});
