import { describe, expect, it } from '@jest/globals';
import { launcher, run } from '../cluster.ts';

const programs: readonly [name: string, flag: string][] = [
  ['coracle', 'up'],
  ['kubectl', 'apply'],
  ['kube-apiserver', '--etcd-servers'],
  ['kube-scheduler', '--leader-elect'],
  ['kube-controller-manager', '--node-monitor-grace-period'],
  ['kubelet', '--root-dir'],
  ['kube-proxy', '--cluster-cidr'],
  ['cluster-dns', '--cluster-domain'],
];

/** The launchers, each started by hand. */
export function startedByHand(): void {
  describe('programs started by hand', () => {
    it.each(programs)('%s tells what it takes', async (name, flag) => {
      const help = await run(launcher(name), ['--help']);
      expect(help.code).toBe(0);
      expect(help.stdout).toContain(flag);
    });

    it.each(programs)('%s refuses a flag it does not know, by name', async (name) => {
      const outcome = await run(launcher(name), [...(name === 'coracle' ? ['up'] : []), '--frobnicate']);
      expect(outcome.code).not.toBe(0);
      expect(outcome.stderr).toContain('unknown flag: --frobnicate');
    });
  });
}
