import { describe, expect, it } from '@jest/globals';
import type { Pod, PodSpec } from '../../generated/core/v1.ts';
import { Path } from '../../meta/field-path.ts';
import { errorsOf, withContainer } from '../../testing/pod-specs.ts';
import { pod } from './pod.ts';
import { podTemplateDefaults } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validation.ts';

describe('a new pod is accepted', () => {
  it.each<[string, Partial<PodSpec>]>([
    ['with a negative grace period, which means one second', { terminationGracePeriodSeconds: -1 }],
    ['with a pull secret of no name, which is left out', { imagePullSecrets: [{}] }],
    [
      'on the network of its host, whose ports are the same',
      { hostNetwork: true, ...withContainer({ ports: [{ containerPort: 80 }] }) },
    ],
    [
      'with a container that restarts by rules',
      withContainer({
        restartPolicy: 'Never',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'NotIn', values: [0] } }],
      }),
    ],
    [
      'with a sidecar that restarts all by a rule',
      {
        initContainers: [
          {
            name: 's',
            image: 's',
            restartPolicy: 'Always',
            restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }],
          },
        ],
      },
    ],
    [
      'with a sidecar that is probed',
      {
        initContainers: [
          { name: 's', image: 's', restartPolicy: 'Always', livenessProbe: { exec: { command: ['x'] } } },
        ],
      },
    ],
    [
      'with claims that its containers use',
      {
        resourceClaims: [{ name: 'a', resourceClaimName: 'x' }],
        ...withContainer({ resources: { claims: [{ name: 'a' }] } }),
      },
    ],
  ])('%s', (_, spec) => expect(errorsOf(spec)).toEqual([]));

  const made = (change: (it: Pod) => void): Pod => {
    const it: Pod = {
      metadata: { name: 'web', labels: { a: '1' } },
      spec: { containers: [{ name: 'main', image: 'nginx' }] },
    };
    change(it);
    pod.defaults!(it);
    pod.prepareForCreate!(it);
    return it;
  };

  it('with the labels it is to be near to, or not, folded into the selector', () => {
    const it = made(({ spec }) => {
      const term = { topologyKey: 'zone', labelSelector: {}, matchLabelKeys: ['a', 'none'] };
      spec.affinity = {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: 'zone', labelSelector: {}, mismatchLabelKeys: ['a'] } },
          ],
        },
      };
    });
    const { podAffinity, podAntiAffinity } = it.spec.affinity!;
    expect(podAffinity!.requiredDuringSchedulingIgnoredDuringExecution![0]!.labelSelector).toEqual({
      matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }],
    });
    expect(podAntiAffinity!.preferredDuringSchedulingIgnoredDuringExecution![0]!.podAffinityTerm.labelSelector).toEqual(
      {
        matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }],
      },
    );
  });

  it('with the labels it is spread by folded into the selector, which stays valid', () => {
    const it = made(({ spec }) => {
      spec.topologySpreadConstraints = [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: {},
          matchLabelKeys: ['a', 'none'],
        },
      ];
    });
    const [constraint] = it.spec.topologySpreadConstraints!;
    const fold = { key: 'a', operator: 'In', values: ['1'] };
    expect(constraint!.labelSelector).toEqual({ matchExpressions: [fold] });
    const fields = (spec: Pod['spec'], name: string) =>
      validatePodSpec(spec, new Path('spec'), name).map(({ field }) => field);
    expect(fields(it.spec, 'web')).toEqual([]);
    const both = ['spec.topologySpreadConstraints[0].matchLabelKeys[0]'];
    expect(fields(it.spec, '')).toEqual(both);
    constraint!.labelSelector = { matchExpressions: [fold, fold] };
    expect(fields(it.spec, 'web')).toEqual(both);
  });

  it('with the AppArmor profile its annotation names', () => {
    const it = made(({ metadata }) => {
      metadata.annotations = { 'container.apparmor.security.beta.kubernetes.io/main': 'localhost/x' };
    });
    expect(it.spec.containers[0]!.securityContext).toEqual({
      appArmorProfile: { type: 'Localhost', localhostProfile: 'x' },
    });
  });

  it('with requests of the pod from its containers, or else its limits', () => {
    const it = made(({ spec }) => {
      spec.containers[0]!.resources = { requests: { cpu: '500m' } };
      spec.resources = { limits: { cpu: '2', memory: '1Gi' } };
    });
    expect(it.spec.resources!.requests).toEqual({ cpu: '500m', memory: '1Gi' });
  });
});

it('a signal that stops a container is left out, which is not on yet', () => {
  const spec = withContainer({ lifecycle: { stopSignal: 'SIGINT', preStop: { sleep: { seconds: 1 } } } }) as PodSpec;
  pod.defaults!({ metadata: {}, spec } as Pod);
  expect(spec.containers[0]!.lifecycle).toEqual({ preStop: { sleep: { seconds: 1 } } });
});

it('what of projected volumes is not on yet is left out, of templates too', () => {
  const of = (): PodSpec => ({
    containers: [],
    volumes: [
      {
        name: 'v',
        projected: {
          sources: [
            { clusterTrustBundle: { name: 'a', path: 'a' } },
            { podCertificate: { signerName: 'example.com/a', keyType: 'ED25519', credentialBundlePath: 'b' } },
          ],
        },
      },
    ],
  });
  const [one, other] = [of(), of()];
  pod.defaults!({ metadata: {}, spec: one } as Pod);
  podTemplateDefaults({ spec: other });
  for (const { volumes } of [one, other]) expect(volumes?.[0]?.projected?.sources).toEqual([{}, {}]);
});
