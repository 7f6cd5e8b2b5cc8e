import { expect, it } from '@jest/globals';
import { apiServerWishes, hostAndPort } from './api-server-wishes.ts';

it.each([
  ['k8s.example:6443', 'k8s.example', 6443],
  ['192.0.2.7:443', '192.0.2.7', 443],
  ['[2001:db8::1]:6443', '2001:db8::1', 6443],
])('%s is a host and a port', (text, host, port) => {
  expect(hostAndPort(text)).toEqual({ host, port });
  expect(apiServerWishes.parse({ externalAddress: text })).toEqual({ certSANs: [], externalAddress: text });
});

it.each([
  'k8s.example',
  'https://k8s.example:6443',
  'k8s.example:6443/path',
  'a@k8s.example:1',
  'k8s_x:1',
  ':6443',
  'x:0',
])('%s is none', (text) => expect(apiServerWishes.safeParse({ externalAddress: text }).success).toBe(false));

it('certificates are for names, wildcards and addresses', () => {
  const certSANs = ['k8s.example', '*.k8s.example', '192.0.2.7', '2001:db8::1'];
  expect(apiServerWishes.parse({ certSANs })).toEqual({ certSANs });
  expect(apiServerWishes.safeParse({ certSANs: ['*'] }).success).toBe(false);
});
