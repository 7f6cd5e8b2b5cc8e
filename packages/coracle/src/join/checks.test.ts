import { expect, it } from '@jest/globals';
import { checkMachine, lookAround, type MachineFacts } from './checks.ts';

const fit: MachineFacts = {
  root: true,
  capabilities: [
    ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'MKNOD', 'NET_ADMIN', 'SETGID', 'SETUID', 'SYS_ADMIN', 'SYS_CHROOT'],
  ].map((it) => `CAP_${it}`),
  systemd: true,
  missing: [],
  takenPorts: [],
  joined: false,
  inTheWay: [],
};

it('a machine that has all may join', () => expect(() => checkMachine(fit)).not.toThrow());

it.each<[string, Partial<MachineFacts>, string]>([
  ['a user who is not root', { root: false }, 'a machine that joins gets units and containers, which belong to root'],
  ['a machine that has joined', { joined: true }, 'this machine has joined a cluster already'],
  ['missing rights', { capabilities: fit.capabilities.slice(1) }, 'this process lacks CAP_CHOWN'],
  ['no systemd', { systemd: false }, 'systemd does not run on it'],
  [
    'missing programs, and where they are from',
    { missing: ['runc', 'ctr', '/usr/lib/cni/bridge'] },
    'it has no runc, ctr, /usr/lib/cni/bridge (on Debian: apt-get install containerd containernetworking-plugins runc)',
  ],
  [
    'a port in use',
    { takenPorts: [10250, 10256] },
    'port 10250, which the kubelet needs, is in use\n  port 10256, which kube-proxy',
  ],
  [
    'what is in the way',
    { inTheWay: ['/lib/systemd/system/kubelet.service'] },
    '/lib/systemd/system/kubelet.service is there already',
  ],
])('%s is told', (_, facts, message) => {
  expect(() => checkMachine({ ...fit, ...facts })).toThrow(message);
});

it('all that is missing is told at once', () => {
  expect(() => checkMachine({ ...fit, systemd: false, takenPorts: [10250] })).toThrow(/systemd.*\n.*port 10250/);
});

it('a look around tells of a port that somebody listens on, and changes nothing', async () => {
  const facts = await lookAround({ root: '/nowhere', base: '/var/lib/containers/atomic' });
  expect(facts.joined).toBe(false);
  expect(facts.missing).not.toContain('runc');
});
