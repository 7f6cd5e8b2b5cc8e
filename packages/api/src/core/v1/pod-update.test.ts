import { describe, expect, it } from '@jest/globals';
import type { NodeSelectorTerm, Pod, PodSpec, PodStatus } from '../../generated/core/v1.ts';
import { clone } from '../../meta/object.ts';
import { validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { pod } from './pod.ts';

function podWith(spec: Partial<PodSpec> = {}): Pod {
  const it: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
  };
  pod.defaults!(it);
  return it;
}

function changed(old: Pod, change: (it: Pod) => void): string[] {
  const it = clone(old);
  change(it);
  return validateUpdate(pod, it, old).map((each) => `${each.field}: ${each.message}`);
}

const frozen = /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`,/;
const required = (terms: NodeSelectorTerm[]) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
});
const zone = { key: 'zone', operator: 'In', values: ['a', 'b'] };
const disk = { key: 'disk', operator: 'Exists' };

describe('a changed pod', () => {
  it.each<[string, Partial<PodSpec>, (it: Pod) => void]>([
    ['another image', {}, ({ spec }) => (spec.containers[0]!.image = 'nginx:2')],
    ['another toleration', {}, ({ spec }) => (spec.tolerations = [{ key: 'a', operator: 'Exists' }])],
    [
      'a toleration for another time',
      { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }] },
      ({ spec }) => (spec.tolerations![0]!.tolerationSeconds = 9),
    ],
    ['a deadline', {}, ({ spec }) => (spec.activeDeadlineSeconds = 9)],
    ['a nearer deadline', { activeDeadlineSeconds: 9 }, ({ spec }) => (spec.activeDeadlineSeconds = 8)],
    [
      'a grace period of one second for a negative one',
      { terminationGracePeriodSeconds: -1 },
      ({ spec }) => (spec.terminationGracePeriodSeconds = 1),
    ],
    ['fewer gates', { schedulingGates: [{ name: 'a' }] }, ({ spec }) => delete spec.schedulingGates],
    [
      'fewer nodes, while it waits',
      { schedulingGates: [{ name: 'a' }] },
      ({ spec }) => (spec.nodeSelector = { a: 'b' }),
    ],
    [
      'narrower terms, while it waits',
      { schedulingGates: [{ name: 'a' }], affinity: required([{ matchExpressions: [zone] }]) },
      ({ spec }) => (spec.affinity = required([{ matchExpressions: [zone, disk] }])),
    ],
    [
      'terms, while it waits',
      { schedulingGates: [{ name: 'a' }] },
      ({ spec }) => (spec.affinity = required([{ matchExpressions: [zone] }])),
    ],
  ])('may get %s', (_, spec, change) => expect(changed(podWith(spec), change)).toEqual([]));

  const narrowed = 'only additions are allowed (no mutations or deletions)';
  it.each<[string, Partial<PodSpec>, (it: Pod) => void, string[]]>([
    [
      'more containers',
      {},
      ({ spec }) => spec.containers.push({ ...spec.containers[0]!, name: 'more' }),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    [
      'a later deadline',
      { activeDeadlineSeconds: 9 },
      ({ spec }) => (spec.activeDeadlineSeconds = 10),
      ['spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value'],
    ],
    [
      'fewer tolerations',
      { tolerations: [{ key: 'a', operator: 'Equal', value: '' }] },
      ({ spec }) => (spec.tolerations = [{ key: 'a', operator: 'Exists' }]),
      ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
    ],
    [
      'more gates',
      { schedulingGates: [{ name: 'a' }] },
      ({ spec }) => spec.schedulingGates!.push({ name: 'b' }),
      [`spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'`],
    ],
    [
      'other nodes, while it waits',
      { schedulingGates: [{ name: 'a' }], nodeSelector: { a: 'b' } },
      ({ spec }) => (spec.nodeSelector = { a: 'c' }),
      [`spec.nodeSelector: Invalid value: {"a":"c"}: ${narrowed}`],
    ],
    [
      'other terms, while it waits',
      { schedulingGates: [{ name: 'a' }], affinity: required([{ matchExpressions: [zone] }]) },
      ({ spec }) => (spec.affinity = required([{ matchExpressions: [disk] }])),
      [
        `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]: Invalid value: {"MatchExpressions":[{"Key":"disk","Operator":"Exists","Values":null}],"MatchFields":null}: ${narrowed}`,
      ],
    ],
  ])('may not get %s', (_, spec, change, expected) => expect(changed(podWith(spec), change)).toEqual(expected));

  it('may not move, nor choose its nodes once it does not wait; the answer shows what was asked', () => {
    const [moved] = changed(podWith(), ({ spec }) => (spec.nodeName = 'other'));
    expect(moved).toMatch(frozen);
    expect(moved).toContain(
      '\n-"NodeName": "",\n+"NodeName": "other",\n'.replaceAll('\n-', '\n- ').replaceAll('\n+', '\n+ '),
    );
    expect(changed(podWith(), ({ spec }) => (spec.nodeSelector = { a: 'b' }))[0]).toMatch(frozen);
    const [shared] = changed(podWith(), ({ spec }) => (spec.hostPID = true));
    expect(shared).toContain('+  "HostPID": true,');
  });

  it('keeps the annotations it was started by', () => {
    const old = podWith({ nodeName: 'n' });
    old.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
    expect(changed(old, (it) => delete it.metadata.annotations)).toEqual([
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation',
    ]);
    const key = 'container.apparmor.security.beta.kubernetes.io/main';
    expect(changed(podWith(), (it) => (it.metadata.annotations = { [key]: 'unconfined' }))).toEqual([
      `metadata.annotations[${key}]: Forbidden: may not add AppArmor annotations`,
    ]);
  });
});

describe('a changed status of a pod', () => {
  const reported = (old: PodStatus, status: PodStatus, spec: Partial<PodSpec> = {}) => {
    const before = { ...podWith(spec), status: old };
    return validateStatusUpdate(pod, { ...clone(before), status }, before).map(
      (each) => `${each.field}: ${each.message}`,
    );
  };
  const ended = (name: string, exitCode: number) => ({ name, state: { terminated: { exitCode } } }) as never;
  const runs = (name: string) => ({ name, state: { running: {} } }) as never;
  const final = 'Forbidden: may not be transitioned to non-terminated state';

  it('does not bring back what has ended for good', () => {
    const [code0, code1] = [{ containerStatuses: [ended('main', 0)] }, { containerStatuses: [ended('main', 1)] }];
    const again = { containerStatuses: [runs('main')] };
    const refused = [`status.containerStatuses[0].state: ${final}`];
    expect(reported(code0, again, { restartPolicy: 'Always' })).toEqual([]);
    expect(reported(code0, again, { restartPolicy: 'OnFailure' })).toEqual(refused);
    expect(reported(code1, again, { restartPolicy: 'OnFailure' })).toEqual([]);
    expect(reported(code1, again, { restartPolicy: 'Never' })).toEqual(refused);
    const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }];
    const containers = [{ name: 'main', image: 'x', restartPolicy: 'Never', restartPolicyRules: rules }];
    expect(reported(code1, again, { restartPolicy: 'Never', containers })).toEqual([]);
    expect(reported(code0, again, { restartPolicy: 'Never', containers })).toEqual(refused);
    expect(
      reported({ ephemeralContainerStatuses: [ended('debug', 1)] }, { ephemeralContainerStatuses: [runs('debug')] }),
    ).toEqual([`status.ephemeralContainerStatuses[0].state: ${final}`]);
  });

  it('has addresses of two families at most, claims the pod has, and conditions with names', () => {
    const status = {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: '', status: 'True' },
      ],
      podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }],
      hostIPs: [{ ip: 'here' }],
      resourceClaimStatuses: [{ name: 'gpu' }],
    };
    expect(reported({}, status).map((each) => each.replace(/: (name part|a qualified|must consist).*/, ''))).toEqual([
      'metadata.conditions[1].Condition: Invalid value: ""',
      'metadata.conditions[1].Condition: Invalid value: ""',
      'status.resourceClaimStatuses[0].name: Invalid value: "gpu": must match the name of an entry in `spec.resourceClaims`',
      'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
      'status.hostIPs[0]: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]);
    expect(reported({ hostIPs: [{ ip: 'here' }] }, { hostIPs: [{ ip: 'here' }] })).toEqual([]);
  });
});
