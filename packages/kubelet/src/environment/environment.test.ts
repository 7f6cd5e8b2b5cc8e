import type { Container, Pod, Service } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { containerEnvironment, type EnvironmentSources } from './environment.ts';

const pod = (spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name: 'web', namespace: 'shop', uid: 'u' },
  spec: { containers: [], ...spec },
});
const facts = { nodeName: 'n', hostIPs: ['1.2.3.4'], podIPs: ['10.0.0.1'], allocatable: {} };
const service = (name: string, namespace: string, more: Partial<Service['spec']> = {}): Service => ({
  metadata: { name, namespace },
  spec: {
    clusterIP: '10.96.0.5',
    ports: [
      { port: 80, name: 'http', protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ],
    ...more,
  },
});
const sources: EnvironmentSources = {
  configMap: async (_, name) => (name === 'cm' ? { metadata: {}, data: { k: 'v', 'dotted.key': 'd' } } : undefined),
  secret: async (_, name) => (name === 's' ? { metadata: {}, data: { p: btoa('pw') } } : undefined),
  services: () => [
    service('kubernetes', 'default', { clusterIP: '10.96.0.1' }),
    service('my-db', 'shop'),
    service('headless', 'shop', { clusterIP: 'None' }),
    service('other', 'elsewhere'),
  ],
};
const environment = async (
  container: Partial<Container>,
  spec?: Partial<Pod['spec']>,
): Promise<Record<string, string>> =>
  Object.fromEntries(await containerEnvironment(pod(spec), { name: 'c', ...container }, sources, facts));

describe('the environment of a container', () => {
  it('announces the Services of its namespace and the API server', async () => {
    const all = await environment({});
    expect(all).toMatchObject({
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      MY_DB_SERVICE_HOST: '10.96.0.5',
      MY_DB_SERVICE_PORT: '80',
      MY_DB_SERVICE_PORT_HTTP: '80',
      MY_DB_PORT: 'tcp://10.96.0.5:80',
      MY_DB_PORT_80_TCP: 'tcp://10.96.0.5:80',
      MY_DB_PORT_80_TCP_PROTO: 'tcp',
      MY_DB_PORT_80_TCP_ADDR: '10.96.0.5',
      MY_DB_PORT_53_UDP_PORT: '53',
    });
    expect(Object.keys(all).some((name) => /HEADLESS|OTHER/.test(name))).toBe(false);
  });

  it('without service links announces the API server alone', async () => {
    const all = await environment({}, { enableServiceLinks: false });
    expect(Object.keys(all).every((name) => name.startsWith('KUBERNETES_'))).toBe(true);
  });

  it('lets env win over envFrom, and both over Services', async () => {
    const all = await environment({
      envFrom: [{ configMapRef: { name: 'cm' } }, { prefix: 'S_', secretRef: { name: 's' } }],
      env: [
        { name: 'k', value: 'own' },
        { name: 'MY_DB_PORT', value: 'mine' },
        { name: 'HOST', value: '$(MY_DB_SERVICE_HOST)' },
      ],
    });
    expect(all).toMatchObject({ k: 'own', 'dotted.key': 'd', S_p: 'pw', MY_DB_PORT: 'mine', HOST: '10.96.0.5' });
  });

  it.each([
    [{ configMapKeyRef: { name: 'none', key: 'k' } }, 'configmap "none" not found'],
    [{ configMapKeyRef: { name: 'cm', key: 'x' } }, "couldn't find key x in ConfigMap shop/cm"],
    [{ secretKeyRef: { name: 'none', key: 'k' } }, 'secret "none" not found'],
    [{ secretKeyRef: { name: 's', key: 'x' } }, "couldn't find key x in Secret shop/s"],
    [{ fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } }, 'valueFrom.fileKeyRef is not supported'],
  ])('says what is missing: %j', async (valueFrom, message) => {
    await expect(environment({ env: [{ name: 'X', valueFrom }] })).rejects.toThrow(message);
  });

  it('leaves out what is optional and not there', async () => {
    const all = await environment({
      envFrom: [{ configMapRef: { name: 'none', optional: true } }],
      env: [
        { name: 'X', valueFrom: { configMapKeyRef: { name: 'none', key: 'k', optional: true } } },
        { name: 'Y', valueFrom: { secretKeyRef: { name: 's', key: 'none', optional: true } } },
      ],
    });
    expect(all).not.toHaveProperty('X');
    expect(all).not.toHaveProperty('Y');
  });
});
