import { describe, expect, it } from '@jest/globals';
import type { Controller } from './controller.ts';
import { allControllers } from './controllers.ts';
import { managerFlags } from './flags.ts';
import { selectControllers } from './manager.ts';
import { settingsOf } from './settings-from-flags.ts';

const fake = (name: string, aliases: string[] = [], offByDefault = false): Controller => ({
  name,
  aliases,
  serviceAccount: name,
  offByDefault,
  start: () => undefined,
});
const some = [fake('deployment-controller', ['deployment']), fake('b-controller'), fake('off-controller', [], true)];
const names = (wanted: string[]) => selectControllers(some, wanted).map((each) => each.name);

describe('--controllers', () => {
  it.each([
    [['*'], ['deployment-controller', 'b-controller']],
    [['*', '-deployment'], ['b-controller']],
    [
      ['*', 'off-controller'],
      ['deployment-controller', 'b-controller', 'off-controller'],
    ],
    [['deployment'], ['deployment-controller']],
    [['-b-controller', 'b-controller', '*'], ['deployment-controller']],
    [[], []],
  ])('%j', (wanted, expected) => {
    expect(names(wanted)).toEqual(expected);
  });

  it('refuses names that are none', () => {
    expect(() => names(['*', '-nope'])).toThrow('"nope" is not in the list of known controllers');
  });

  it('names each controller once', () => {
    const all = allControllers().flatMap((each) => [each.name, ...each.aliases]);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('settings', () => {
  const of = (...argv: string[]) => settingsOf(managerFlags.parse(argv).values);

  it('follow the flags', () => {
    expect(of('--concurrent-gc-syncs=3', '--node-monitor-grace-period=1m')).toMatchObject({
      workers: { gc: 3, deployment: 5 },
      nodeMonitorGracePeriod: 60_000,
    });
    const files = { certFile: 'a', keyFile: 'b' };
    expect(of('--cluster-signing-cert-file=a', '--cluster-signing-key-file=b').signers).toEqual({
      'kubernetes.io/kube-apiserver-client': files,
      'kubernetes.io/kube-apiserver-client-kubelet': files,
      'kubernetes.io/kubelet-serving': files,
      'kubernetes.io/legacy-unknown': files,
    });
  });

  it.each([
    [['--concurrent-gc-syncs=0'], 'concurrent-gc-syncs must be greater than 0, but got 0'],
    [
      ['--cluster-signing-cert-file=a'],
      '--cluster-signing-cert-file and --cluster-signing-key-file must be given together',
    ],
    [['--allocate-node-cidrs'], '--cluster-cidr must be specified when --allocate-node-cidrs is set'],
    [['--leader-elect-resource-lock=endpoints'], 'resourceLock: Invalid value: "endpoints"'],
  ])('%j is refused', (argv, message) => {
    expect(() => of(...argv)).toThrow(message);
  });
});
