import { parseComponentConfig } from '@coracle/process/component-config';
import { describe, expect, it } from '@jest/globals';
import { proxyFlags } from '../flags.ts';
import { defaultConfiguration } from './configuration.ts';
import { configurationFormat } from './configuration-schema.ts';
import { configurationOf } from './from-flags.ts';
import { hostPort } from './values.ts';

const parse = (body: string) =>
  parseComponentConfig(
    `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${body}`,
    configurationFormat,
  );

describe('KubeProxyConfiguration', () => {
  it('has its defaults, also within sections', () => {
    expect(parse('')).toEqual(defaultConfiguration());
    expect(parse('mode: nftables\nnftables: {}\nconntrack: {}\nclientConnection: {}\ndetectLocal: {}')).toEqual(
      defaultConfiguration(),
    );
  });

  it('takes what is given', () => {
    const configuration = parse(`
clusterCIDR: 10.244.0.0/16,fd00:1::/64
nftables: {masqueradeAll: true, masqueradeBit: 10, minSyncPeriod: 2s, syncPeriod: 1m}
nodePortAddresses: [10.0.0.0/8]
hostnameOverride: node-1
conntrack: {maxPerCore: 0, udpTimeout: 45s}
healthzBindAddress: '[::1]:10256'
metricsBindAddress: 127.0.0.1
detectLocalMode: BridgeInterface
detectLocal: {bridgeInterface: cni0}
`);
    expect(configuration).toMatchObject({
      clusterCIDR: '10.244.0.0/16,fd00:1::/64',
      nftables: { masqueradeAll: true, masqueradeBit: 10, minSyncPeriod: 2_000, syncPeriod: 60_000 },
      conntrack: { maxPerCore: 0, udpTimeout: 45_000 },
      detectLocal: { bridgeInterface: 'cni0' },
    });
  });

  it.each([
    ['other modes', 'mode: iptables', 'mode: must be nftables, got "iptables"'],
    ['sections of other modes', 'ipvs: {scheduler: rr}', 'unknown field "ipvs"'],
    ['unknown fields', 'nftables: {masqueradeBits: 1}', 'unknown field "nftables.masqueradeBits"'],
    ['a malformed CIDR', 'clusterCIDR: 10.244.0.0', 'clusterCIDR: must be a valid CIDR block'],
    ['two CIDRs of one family', 'clusterCIDR: 10.1.0.0/16,10.2.0.0/16', 'clusterCIDR: must be a valid DualStack CIDR'],
    [
      'a malformed node port address',
      'nodePortAddresses: [primary, 10.0.0.0/8]',
      "nodePortAddresses: can't use both 'primary' and CIDRs",
    ],
    ['a mark beyond 31', 'nftables: {masqueradeBit: 32}', 'nftables.masqueradeBit: must be within the range [0, 31]'],
    ['a malformed address', 'healthzBindAddress: nowhere', 'healthzBindAddress: must be IP:port, got "nowhere"'],
    ['other local modes', 'detectLocalMode: Guess', 'detectLocalMode: Invalid'],
  ])('refuses %s', (_, body, message) => expect(() => parse(body)).toThrow(message));
});

describe('the flags', () => {
  const configured = (...argv: string[]) => {
    const { values, changed } = proxyFlags.parse(argv);
    return configurationOf(values, changed);
  };

  it('give the same defaults as a file', async () => expect(await configured()).toEqual(defaultConfiguration()));

  it('give what they say', async () => {
    const configuration = await configured(
      '--kubeconfig=/k',
      '--hostname-override=node-1',
      '--cluster-cidr=10.244.0.0/16',
      '--proxy-mode=nftables',
      '--nodeport-addresses=10.0.0.0/8,127.0.0.0/8',
      '--conntrack-max-per-core=0',
      '--masquerade-all',
      '--oom-score-adj=0',
    );
    expect(configuration).toMatchObject({
      clientConnection: { kubeconfig: '/k' },
      hostnameOverride: 'node-1',
      clusterCIDR: '10.244.0.0/16',
      nodePortAddresses: ['10.0.0.0/8', '127.0.0.0/8'],
      conntrack: { maxPerCore: 0 },
      nftables: { masqueradeAll: true },
      oomScoreAdj: 0,
    });
  });

  it.each([
    ['--proxy-mode=iptables', 'invalid argument "iptables" for "--proxy-mode" flag: must be nftables'],
    ['--cluster-cidr=x', 'invalid argument "x" for "--cluster-cidr" flag: must be a valid CIDR block'],
    ['--detect-local-mode=BridgeInterface', 'detectLocal.bridgeInterface: Required value'],
    ['--healthz-bind-address=x:y', 'invalid argument "x:y" for "--healthz-bind-address" flag'],
  ])('refuse %s', async (flag, message) => expect(configured(flag)).rejects.toThrow(message));
});

it.each([
  ['0.0.0.0:10256', { host: '0.0.0.0', port: 10256 }],
  ['[::]:10256', { host: '::', port: 10256 }],
  ['127.0.0.1', { host: '127.0.0.1', port: 1 }],
  ['::1', { host: '::1', port: 1 }],
  ['', undefined],
])('reads %j', (text, expected) => expect(hostPort(text, 1)).toEqual(expected));
