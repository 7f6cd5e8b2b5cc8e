import { parseComponentConfig } from '@coracle/process/component-config';
import { describe, expect, it } from '@jest/globals';
import { defaultConfiguration } from './configuration.ts';
import { configurationFormat } from './configuration-schema.ts';

const parse = (body: string) =>
  parseComponentConfig(
    `apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n${body}`,
    configurationFormat,
  );

describe('KubeSchedulerConfiguration', () => {
  it('has upstream’s defaults', () => {
    expect(parse('')).toEqual(defaultConfiguration());
    expect(parse('leaderElection: {}\nclientConnection: {}\nprofiles: [{}]')).toEqual(defaultConfiguration());
  });

  it('takes profiles, plugins and their arguments', () => {
    const configuration = parse(`
leaderElection: {leaderElect: false, leaseDuration: 30s, renewDeadline: 20s}
percentageOfNodesToScore: 30
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 20
clientConnection: {kubeconfig: /etc/kubernetes/scheduler.conf, qps: 100, burst: 200}
profiles:
- schedulerName: packer
  plugins:
    score:
      disabled: [{name: '*'}]
      enabled: [{name: NodeResourcesFit, weight: 7}]
  pluginConfig:
  - name: NodeResourcesFit
    args:
      apiVersion: kubescheduler.config.k8s.io/v1
      kind: NodeResourcesFitArgs
      scoringStrategy:
        type: MostAllocated
        resources: [{name: cpu, weight: 3}]
`);
    expect(configuration).toMatchObject({
      leaderElection: { leaderElect: false, leaseDuration: 30_000, renewDeadline: 20_000, retryPeriod: 2_000 },
      podInitialBackoff: 2_000,
      podMaxBackoff: 20_000,
      percentageOfNodesToScore: 30,
      clientConnection: { qps: 100, burst: 200 },
    });
    const [profile] = configuration.profiles;
    expect(profile!.plugins.score!.enabled).toEqual([{ name: 'NodeResourcesFit', weight: 7 }]);
    expect(profile!.args.NodeResourcesFit.scoringStrategy).toEqual({
      type: 'MostAllocated',
      resources: [{ name: 'cpu', weight: 3 }],
    });
    expect(profile!.args.InterPodAffinity.hardPodAffinityWeight).toBe(1);
  });

  it.each([
    ['an unknown field', 'nope: 1', 'unknown field "nope"'],
    ['an unsupported field', 'extenders: []', 'unknown field "extenders"'],
    [
      'an unknown field deep inside',
      'profiles: [{plugins: {score: {enabledd: []}}}]',
      'unknown field "profiles[0].plugins.score.enabledd"',
    ],
    [
      'an unknown argument',
      'profiles: [{pluginConfig: [{name: InterPodAffinity, args: {weight: 1}}]}]',
      'unknown field "profiles[0].pluginConfig[0].args.weight"',
    ],
    [
      'arguments of a plugin without any',
      'profiles: [{pluginConfig: [{name: NodeName, args: {}}]}]',
      'plugin "NodeName" takes no args',
    ],
    ['two profiles of one name', 'profiles: [{}, {}]', 'profiles must have different schedulerNames'],
    ['a share beyond 100', 'percentageOfNodesToScore: 101', 'percentageOfNodesToScore: not in valid range [0-100]'],
    [
      'a lease shorter than its renewal',
      'leaderElection: {leaseDuration: 5s}',
      'LeaseDuration must be greater than RenewDeadline',
    ],
    [
      'a malformed duration',
      'leaderElection: {leaseDuration: 5x}',
      'leaderElection.leaseDuration: time: unknown unit "x" in duration "5x"',
    ],
    ['a wrong type', 'profiles: 3', 'profiles: Invalid input'],
  ])('refuses %s', (_, body, message) => expect(() => parse(body)).toThrow(message));

  it('refuses other versions', () => {
    const text = 'apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration';
    expect(() => parseComponentConfig(text, configurationFormat)).toThrow(
      'no kind "KubeSchedulerConfiguration" is registered for version "kubescheduler.config.k8s.io/v1beta3"',
    );
  });
});
