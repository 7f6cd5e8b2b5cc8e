import { afterEach, describe, expect, it } from '@jest/globals';
import type { HealthzServer } from './healthz-server.ts';
import { serveHealthz } from './healthz-server.ts';
import { ProxyHealth } from './proxy-health.ts';
import { ServiceHealth } from './service-health.ts';

let time = 0;
const timers = { now: () => time, after: () => () => {} };
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function healthz(health: ProxyHealth): Promise<(path: string) => Promise<{ status: number; body: unknown }>> {
  const server: HealthzServer = await serveHealthz(health, { host: '127.0.0.1', port: 0 });
  closing.push(() => server.close());
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
}

describe('the health of the proxy', () => {
  it('begins with the first sync of each family, and ends when a change waits too long', async () => {
    const health = new ProxyHealth(['IPv4', 'IPv6'], 60_000, timers);
    const get = await healthz(health);
    expect((await get('/healthz')).status).toBe(503);
    health.updated('IPv4');
    expect((await get('/healthz')).status).toBe(503);
    health.updated('IPv6');
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { nodeEligible: true } });
    health.queued('IPv4');
    time += 59_999;
    health.queued('IPv4');
    expect((await get('/healthz')).status).toBe(200);
    time += 1;
    expect((await get('/healthz')).status).toBe(503);
    expect((await get('/livez')).status).toBe(503);
    health.updated('IPv4');
    expect((await get('/livez')).status).toBe(200);
  });

  it('is told apart from whether load balancers may use the node', async () => {
    const health = new ProxyHealth([], 60_000, timers);
    const get = await healthz(health);
    health.nodeEligible = false;
    expect(await get('/healthz')).toMatchObject({ status: 503, body: { nodeEligible: false } });
    expect((await get('/livez')).status).toBe(200);
    expect((await get('/other')).status).toBe(404);
  });
});

describe('health check node ports', () => {
  /** A port nothing listens on just now. */
  async function freePort(): Promise<number> {
    const server = await serveHealthz(new ProxyHealth([], 1, timers), { host: '127.0.0.1', port: 0 });
    await server.close();
    return server.port;
  }

  it('tell load balancers how many endpoints the node has', async () => {
    const failures: unknown[] = [];
    const services = new ServiceHealth(
      () => true,
      (_, error) => failures.push(error),
    );
    closing.push(() => services.close());
    const service = { namespace: 'default', name: 'web', port: await freePort(), localEndpoints: 2 };
    const get = () => fetch(`http://127.0.0.1:${service.port}/`);
    await services.sync([service], ['127.0.0.1']);
    const response = await get();
    expect(response.status).toBe(200);
    expect(response.headers.get('x-load-balancing-endpoint-weight')).toBe('2');
    expect(await response.json()).toEqual({
      service: { namespace: 'default', name: 'web' },
      localEndpoints: 2,
      serviceProxyHealthy: true,
    });
    await services.sync([{ ...service, localEndpoints: 0 }], ['127.0.0.1']);
    expect((await get()).status).toBe(503);
    await services.sync([], ['127.0.0.1']);
    await expect(get()).rejects.toThrow();
    expect(failures).toEqual([]);
  });
});
