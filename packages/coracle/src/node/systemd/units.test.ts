import { describe, expect, it } from '@jest/globals';
import { nodeUnits } from './units.ts';

const units = nodeUnits({
  sources: '/checkout/packages/coracle/src',
  node: ['/node', '--option'],
  plain: [{ name: 'containerd', command: ['containerd', '--config', '/c.toml'], after: [], folders: [], stopRank: 1 }],
});

describe('the units of a node beside its system containers', () => {
  it('prepare the node before anything that needs its network', () => {
    const { text, wantedBy } = units['coracle-prepare.service']!;
    expect(text).toContain('Before=network-pre.target network.target network-online.target');
    expect(text).toContain('ExecStart=/bin/sh /checkout/packages/coracle/src/node/systemd/prepare.sh');
    expect(wantedBy).toBe('sysinit.target');
  });

  it('end pods between the kubelet and containerd', () => {
    const { text } = units['coracle-pods.service']!;
    expect(text).toContain('After=containerd.service\nBefore=kubelet.service');
    expect(text).toContain('ExecStop=/node --option /checkout/packages/coracle/src/node/systemd/stop-pods.ts');
  });

  it('run services of Debian packages, whose children outlive them', () => {
    const { text } = units['containerd.service']!;
    expect(text).toContain('ExecStart=containerd --config /c.toml');
    expect(text).toContain('KillMode=process');
  });

  it('start the agent when it is asked, and not at boot', () => {
    expect(units['coracle-agent.socket']!.wantedBy).toBe('sockets.target');
    expect(units['coracle-agent.service']!.wantedBy).toBeUndefined();
  });
});
