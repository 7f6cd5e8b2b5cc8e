import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { conflist, removeConflist, subnetOfConflist, writeConflist } from './cni/conflist.ts';
import { masqueradeRules } from './host/masquerade.ts';
import { parseRange } from './range.ts';
import { readSubnetFile, removeSubnetFile, writeSubnetFile } from './subnet-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'overlay-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const subnet = parseRange('10.244.3.0/24');

describe('the CNI configuration', () => {
  it('is written whole, in a folder that need not be there, and only when it differs', () => {
    const path = join(folder, 'net.d/10-coracle.conflist');
    expect(writeConflist(path, conflist(subnet, 1450))).toBe(true);
    expect(writeConflist(path, conflist(subnet, 1450))).toBe(false);
    expect(writeConflist(path, conflist(subnet, 1400))).toBe(true);
    expect(readdirSync(join(folder, 'net.d'))).toEqual(['10-coracle.conflist']);
    expect(subnetOfConflist(path)).toEqual(subnet);
    removeConflist(path);
    removeConflist(path);
    expect(existsSync(path)).toBe(false);
  });

  it('joins pods by a bridge that masquerades nothing, and maps ports', () => {
    const { plugins } = JSON.parse(conflist(subnet, 1450));
    expect(plugins.map((each: { type: string }) => each.type)).toEqual(['bridge', 'portmap']);
    expect(plugins[0]).toMatchObject({ bridge: 'cni0', isGateway: true, hairpinMode: true, mtu: 1450 });
    expect(plugins[0].ipMasq).toBeUndefined();
  });

  it('of others names no subnet', () => {
    const path = join(folder, 'x.conflist');
    expect(subnetOfConflist(path)).toBeUndefined();
    writeFileSync(path, '{"subnet": "usePodCIDR"}');
    expect(subnetOfConflist(path)).toBeUndefined();
  });
});

describe('the subnet file', () => {
  it("has flannel's variables, and is read at the next start", () => {
    const path = join(folder, 'subnet.env');
    expect(readSubnetFile(path)).toBeUndefined();
    writeSubnetFile(path, { network: parseRange('10.244.0.0/16'), subnet, mtu: 1450, masquerade: false });
    expect(readFileSync(path, 'utf8')).toBe(
      'FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n',
    );
    expect(readSubnetFile(path)).toEqual(subnet);
    removeSubnetFile(path);
    expect(existsSync(path)).toBe(false);
  });
});

it('masquerading spares pods and multicast, in a table of its own', () => {
  expect(masqueradeRules(parseRange('10.244.0.0/16'), 'cni0')).toBe(`table ip coracle-overlay
delete table ip coracle-overlay
table ip coracle-overlay {
  chain postrouting {
    type nat hook postrouting priority srcnat + 10; policy accept;
    ip saddr != 10.244.0.0/16 return
    ip daddr { 10.244.0.0/16, 224.0.0.0/4 } return
    oifname "cni0" return
    masquerade fully-random
  }
}
`);
});
