import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NodeDriver } from '../nodes/driver.ts';
import type { Cluster } from './cluster.ts';
import { plainWishes, planCluster } from './plan.ts';
import { checkUpgradable } from './upgrade.ts';
import { forgetUpgrade, readUpgrade, type UpgradeStep, withStep, writeUpgrade } from './upgrade-record.ts';

const image = (version: string) => ({ version, digest: `sha256:${version}` });
const step = (node: string, component: string, from: string, to: string): UpgradeStep => ({
  node,
  component,
  from: image(from),
  to: image(to),
});

describe('an upgrade', () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'coracle-upgrade-'));
  });
  afterEach(() => rmSync(data, { recursive: true }));

  const cluster = (rootfs: 'host' | 'debian'): Cluster => ({
    ...planCluster('dev', plainWishes(1, 1, rootfs), [], []),
    data,
    runtime: '/run/none',
  });
  const driver = { find: async () => undefined } as unknown as NodeDriver;

  it('is refused where nodes run from the checkout', async () => {
    await expect(checkUpgradable({ cluster: cluster('host'), driver })).rejects.toThrow(
      'the nodes of cluster dev run their programs from this checkout, so there are no images to upgrade',
    );
  });

  it('is refused while a node does not run', async () => {
    await expect(checkUpgradable({ cluster: cluster('debian'), driver })).rejects.toThrow('node dev-1 does not run');
  });

  it('is remembered until it was taken back', () => {
    const place = cluster('debian');
    expect(readUpgrade(place)).toBeUndefined();
    const upgrade = { complete: false, steps: [step('dev-1', 'etcd', 'v1', 'v2')] };
    writeUpgrade(place, upgrade);
    expect(readUpgrade(place)).toEqual(upgrade);
    forgetUpgrade(place);
    expect(readUpgrade(place)).toBeUndefined();
  });

  it('goes back one version of a component that was brought on twice', () => {
    const steps = [step('dev-1', 'etcd', 'v1', 'v2'), step('dev-1', 'kubelet', 'v1', 'v2')];
    expect(withStep(steps, step('dev-1', 'etcd', 'v2', 'v3'))).toEqual([
      step('dev-1', 'kubelet', 'v1', 'v2'),
      step('dev-1', 'etcd', 'v2', 'v3'),
    ]);
  });
});
