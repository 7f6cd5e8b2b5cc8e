import { describe, expect, it } from '@jest/globals';
import type { ServiceSettings } from '../node/settings.ts';
import { systemSettings } from './service-settings.ts';

const service: ServiceSettings = {
  name: 'kube-apiserver',
  command: ['/checkout/bin/kube-apiserver', '--secure-port=443', '--etcd-servers=https://a:2379,https://b:2379'],
  env: { HOME: '/', CORACLE_NODE_OPTIONS: '--max-semi-space-size=8' },
  after: ['etcd'],
  probe: { https: { url: 'https://127.0.0.1:443/readyz', authority: '/etc/coracle/kube-apiserver/ca.crt' } },
  folders: [],
  stopRank: 3,
};

describe('a component of a node as a system container', () => {
  it('has the same arguments, options, order and probe', () => {
    expect(systemSettings(service)).toEqual({
      name: 'kube-apiserver',
      settings: {
        AFTER: 'network-online.target etcd.service',
        NODE_OPTIONS: '--max-semi-space-size=8',
        HEALTH: 'https://127.0.0.1:443/readyz',
        HEALTH_AUTHORITY: '/etc/coracle/kube-apiserver/ca.crt',
      },
      args: '--secure-port=443\n--etcd-servers=https://a:2379,https://b:2379\n',
    });
  });

  it.each([
    [{ unix: '/run/x.sock' }, 'unix:///run/x.sock'],
    [{ tcp: { host: '127.0.0.1', port: 10256 } }, 'tcp://127.0.0.1:10256'],
    [undefined, ''],
  ])('is healthy by the probe %j', (probe, health) => {
    const { probe: _, ...rest } = service;
    expect(systemSettings({ ...rest, ...(probe ? { probe } : {}) }).settings['HEALTH']).toBe(health);
  });

  it.each(['', ' x', '# x', 'a\nb'])('has no argument %j', (argument) => {
    expect(() => systemSettings({ ...service, command: ['x', argument] })).toThrow('cannot stand in a file');
  });
});
