import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { node } from '@coracle/api/core/v1/node';
import type { KubeObject } from '@coracle/api/kind';
import type { StatusError } from '@coracle/api/meta/status';
import type { Node } from '@coracle/api/types/core/v1';
import { makeRequest } from '@coracle/process/pki';
import { describe, expect, it } from '@jest/globals';
import { alwaysAllow } from '../chain/authorization/authorizer.ts';
import { admit, webhookPlugins } from '../testing/admitting.ts';
import { builtinAdmission, defaultAdmissionPlugins } from './builtin.ts';

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
    expect(() => names({ enable: ['Nothing'] })).toThrow('enable-admission-plugins plugin "Nothing" is unknown');
    expect(() => names({ enable: ['A', 'Priority'], disable: ['B', 'ResourceQuota', 'Priority'] })).toThrow(
      /^\[enable-admission-plugins plugin "A" is unknown, disable-admission-plugins plugin "B" is unknown, \[Priority\] in enable-admission-plugins and disable-admission-plugins overlapped\]$/,
    );
    expect(names({ enable: ['AlwaysDeny', 'AlwaysAdmit', 'PodNodeSelector'] })).toEqual(
      expect.arrayContaining(['AlwaysAdmit', 'PodNodeSelector', 'AlwaysDeny']),
    );
    expect(() => names({ enable: ['ImagePolicyWebhook'] })).toThrow(
      'failed to apply admission: couldn\'t init admission plugin "ImagePolicyWebhook": no config specified',
    );
    expect(() => names({ enable: ['EventRateLimit'] })).toThrow(
      'couldn\'t init admission plugin "EventRateLimit": limits: Invalid value: null: must not be empty',
    );
    const two = ['ResourceQuota', 'Priority'];
    expect(() => names({ enable: two, disable: two })).toThrow(/^\[Priority ResourceQuota\] in enable/);
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

describe('a new node', () => {
  it('is tainted until it is ready', async () => {
    const made = (await admit({ kind: node, object: { metadata: { name: 'n1' } } })) as Node;
    expect(made.spec?.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
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
