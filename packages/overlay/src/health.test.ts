import { Registry } from '@coracle/process/metrics';
import { describe, expect, it } from '@jest/globals';
import { bindAddress, OverlayHealth, serveHealth } from './health.ts';

describe('--healthz-bind-address', () => {
  it('is an address and a port, or nothing', () => {
    expect(bindAddress('127.0.0.1:10247')).toEqual({ host: '127.0.0.1', port: 10247 });
    expect(bindAddress('[::1]:10247')).toEqual({ host: '::1', port: 10247 });
    expect(bindAddress('0')).toBeUndefined();
    expect(bindAddress('')).toBeUndefined();
    for (const text of ['10247', ':10247', '127.0.0.1:', '127.0.0.1:70000']) {
      expect(() => bindAddress(text)).toThrow(`--healthz-bind-address: "${text}" is no IP address and port`);
    }
  });
});

it('health tells why the network does not stand, and a failure before anything else', async () => {
  const health = new OverlayHealth();
  const { port, close } = await serveHealth(health, new Registry(), { host: '127.0.0.1', port: 0 });
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return `${answer.status} ${await answer.text()}`;
  };
  health.pending = 'waiting for a subnet';
  expect(await get('/healthz')).toBe('503 waiting for a subnet\n');
  expect(await get('/livez')).toBe('200 ok');
  health.failing = 'the device cannot be made';
  expect(await get('/readyz')).toBe('503 the device cannot be made\n');
  health.pending = undefined;
  health.failing = undefined;
  expect(await get('/healthz')).toBe('200 ok');
  expect(await get('/other')).toBe('404 404 page not found\n');
  await close();
});
