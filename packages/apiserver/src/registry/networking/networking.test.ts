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

const merge = { 'content-type': 'application/merge-patch+json' };
const ingresses = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';

describe('an ingress', () => {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const ingress = (name: string, annotations?: object) => ({
    metadata: { name, annotations },
    spec: { defaultBackend: backend },
  });

  it('gets the default class, unless it names one', async () => {
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    const made = { metadata: { name: 'nginx', annotations }, spec: { controller: 'k8s.io/ingress-nginx' } };
    expect((await call('POST', '/apis/networking.k8s.io/v1/ingressclasses', made)).status).toBe(201);
    expect((await call('POST', ingresses, ingress('new'))).body).toMatchObject({
      metadata: { generation: 1 },
      spec: { ingressClassName: 'nginx' },
      status: { loadBalancer: {} },
    });
    const old = await call('POST', ingresses, ingress('old', { 'kubernetes.io/ingress.class': 'x' }));
    expect(old.body.spec.ingressClassName).toBeUndefined();
    expect(old.headers.get('warning')).toContain(
      'annotation \\"kubernetes.io/ingress.class\\" is deprecated, please use \'spec.ingressClassName\' instead',
    );
  });

  it('is reported on with addresses in their one form, or with a warning', async () => {
    const status = { loadBalancer: { ingress: [{ ip: '2001:db8:0::1' }, { ip: '10.0.0.1' }] } };
    const { headers } = await call('PATCH', `${ingresses}/new/status`, { status }, merge);
    expect(headers.get('warning')).toBe(
      '299 - "status.loadBalancer.ingress[0].ip: IPv6 address \\"2001:db8:0::1\\" should be in RFC 5952 canonical format (\\"2001:db8::1\\")"',
    );
  });
});

describe('a network policy', () => {
  it('has ranges in their one form, or a warning', async () => {
    const ipBlock = { cidr: '2001:DB8::/32', except: ['2001:db8:1::/48'] };
    const policy = { metadata: { name: 'p' }, spec: { podSelector: {}, egress: [{ to: [{ ipBlock }] }] } };
    const path = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
    const { status, headers } = await call('POST', path, policy);
    expect(status).toBe(201);
    expect(headers.get('warning')).toBe(
      '299 - "spec.egress[0].to[0].ipBlock.cidr: IPv6 CIDR value \\"2001:DB8::/32\\" should be in RFC 5952 canonical format (\\"2001:db8::/32\\")"',
    );
  });
});

it('whoever writes or reads Endpoints is warned of it', async () => {
  const path = '/api/v1/namespaces/default/endpoints';
  const warning = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"';
  expect((await call('POST', path, { metadata: { name: 'old' } })).headers.get('warning')).toBe(warning);
  expect((await call('GET', `${path}/old`)).headers.get('warning')).toBe(warning);
  expect((await call('GET', path)).headers.get('warning')).toBe(warning);
});
