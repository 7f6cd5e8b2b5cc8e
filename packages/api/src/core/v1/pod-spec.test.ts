import { describe, expect, it } from '@jest/globals';
import type { PodSpec } from '../../generated/core/v1.ts';
import { errorsOf, withContainer } from '../../testing/pod-specs.ts';

const c = 'spec.containers[0]';

const pods: [string, Partial<PodSpec>, string[]][] = [
  [
    'an init container with a probe, and with the name of another',
    { initContainers: [{ name: 'main', image: 'x', startupProbe: { exec: { command: ['x'] } } }] },
    [
      'spec.initContainers[0].name: Duplicate value: "main"',
      'spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
  [
    'claims of devices',
    {
      resourceClaims: [
        { name: 'a' },
        { name: 'a', resourceClaimName: 'x', resourceClaimTemplateName: 'y' },
        { name: 'b'.repeat(63), resourceClaimTemplateName: 'y' },
      ],
    },
    [
      'spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
      'spec.resourceClaims[1].name: Duplicate value: "a"',
      'spec.resourceClaims[1]: Invalid value: {"Name":"a","ResourceClaimName":"x","ResourceClaimTemplateName":"y"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
    ],
  ],
  [
    'less for the pod than for its containers',
    {
      containers: [{ name: 'main', image: 'x', resources: { limits: { cpu: '3' }, requests: { cpu: '2' } } }],
      resources: { requests: { cpu: '1', pods: '1' }, limits: { cpu: '1' }, claims: [{ name: 'x' }] },
    },
    [
      'spec.resources.claims[x]: Forbidden: claims cannot be set for Resources at pod-level',
      'spec.resources.requests[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.resources.requests[pods]: Unsupported value: "pods": supported values: "cpu", "memory"',
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
      'spec.resources.limits[cpu]: Invalid value: "1": must be greater than or equal to container limits of 3',
    ],
  ],
  [
    'a host it shares what it may not share',
    {
      hostNetwork: true,
      hostPID: true,
      hostUsers: false,
      shareProcessNamespace: true,
      securityContext: {
        supplementalGroups: [-1],
        sysctls: [{ name: 'net.ipv4.x', value: '1' }],
        fsGroupChangePolicy: 'Never',
        supplementalGroupsPolicy: 'Some',
      },
      containers: [{ name: 'main', image: 'x', ports: [{ containerPort: 80, hostPort: 81 }] }],
    },
    [
      `${c}.ports[0].containerPort: Invalid value: 80: must match \`hostPort\` when \`hostNetwork\` is true`,
      'spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
      `spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.x": may not be set with 'hostNetwork' enabled`,
      'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"',
      'spec.securityContext.supplementalGroupsPolicy: Unsupported value: "Some": supported values: "Merge", "Strict"',
      'spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false',
      'spec.HostPID: Forbidden: when `pod.Spec.HostUsers` is false',
    ],
  ],
  [
    'no servers of names of its own',
    { dnsPolicy: 'None' },
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    'places to look for names in',
    { dnsConfig: { searches: ['_sites.example.com.', '.', 'x y'], options: [{}] } },
    [
      `spec.dnsConfig.searches[2]: Invalid value: "x y": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')`,
      'spec.dnsConfig.options[0]: Required value: must not be empty',
    ],
  ],
  [
    'a gate twice, and a node before it opens',
    { nodeName: 'n', schedulingGates: [{ name: 'a' }, { name: 'a' }] },
    [
      'spec.schedulingGates[1]: Duplicate value: "a"',
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
  ],
  [
    'spreading said twice',
    {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['a'] },
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          nodeTaintsPolicy: 'Maybe',
          labelSelector: { matchLabels: { a: 'b' } },
          matchLabelKeys: ['a'],
        },
      ],
    },
    [
      'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
      'spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
      'spec.topologySpreadConstraints[1].nodeTaintsPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"',
      'spec.topologySpreadConstraints[1].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector',
    ],
  ],
  [
    'labels that are to be the same and another',
    {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'zone', labelSelector: {}, matchLabelKeys: ['a'], mismatchLabelKeys: ['a'] },
          ],
        },
      },
    },
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].mismatchLabelKeys[0]: Invalid value: "a": exists in matchLabelKeys',
    ],
  ],
  [
    'a toleration of everything, with a value',
    { tolerations: [{ operator: 'Exists', value: 'x', effect: 'Stop' }] },
    [
      `spec.tolerations[0].operator: Invalid value: {"Key":"","Operator":"Exists","Value":"x","Effect":"Stop","TolerationSeconds":null}: value must be empty when \`operator\` is 'Exists'`,
      'spec.tolerations[0].effect: Unsupported value: "Stop": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  [
    'a system that is not, or does not know what is asked',
    { os: { name: 'plan9' }, preemptionPolicy: 'Sometimes' },
    [
      'spec.preemptionPolicy: Unsupported value: "Sometimes": supported values: "PreemptLowerPriority", "Never"',
      'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
    ],
  ],
  [
    'Linux on Windows',
    {
      os: { name: 'windows' },
      hostPID: true,
      securityContext: { fsGroup: 1 },
      ...withContainer({ securityContext: { privileged: false } }),
    },
    [
      'spec.hostPID: Forbidden: cannot be set for a windows pod',
      'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod',
      `${c}.securityContext.privileged: Forbidden: cannot be set for a windows pod`,
    ],
  ],
  [
    'processes of a host, not all of them',
    {
      securityContext: { windowsOptions: { hostProcess: true } },
      ...withContainer({ securityContext: { windowsOptions: { hostProcess: false } } }),
      initContainers: [{ name: 'i', image: 'i' }],
    },
    [
      `${c}.securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true`,
      'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
      'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
    ],
  ],
  [
    'a token of no account',
    { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }] },
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
    ],
  ],
  [
    'two files of one name, and an image without one',
    {
      serviceAccountName: 'a',
      volumes: [
        {
          name: 'v',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'x', expirationSeconds: 1 } },
              { secret: { name: 's', items: [{ key: 'k', path: 'x' }] } },
              { downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
        { name: 'i', image: {} },
      ],
    },
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
      'spec.volumes[0].projected: Invalid value: "x": conflicting duplicate paths',
      'spec.volumes[1].image.reference: Required value',
    ],
  ],
  [
    'files that are not where files can be',
    {
      serviceAccountName: 'a',
      volumes: [
        {
          name: 'v',
          projected: {
            sources: [
              { serviceAccountToken: { path: '' } },
              { serviceAccountToken: { path: '/../x' }, configMap: {} },
              {
                downwardAPI: {
                  items: [{ path: '..', fieldRef: { fieldPath: 'x' }, resourceFieldRef: { resource: 'limits.cpu' } }],
                },
              },
            ],
          },
        },
      ],
    },
    [
      'spec.volumes[0].projected.path: Required value',
      'spec.volumes[0].projected.sources[1].configMap.name: Required value',
      'spec.volumes[0].projected.path: Invalid value: "/../x": must be a relative path',
      `spec.volumes[0].projected.path: Invalid value: "/../x": must not contain '..'`,
      'spec.volumes[0].projected.sources[1]: Forbidden: may not specify more than 1 volume type',
      `spec.volumes[0].projected.sources[2].downwardAPI.path: Invalid value: "..": must not contain '..'`,
      `spec.volumes[0].projected.sources[2].downwardAPI.path: Invalid value: "..": must not start with '..'`,
      'spec.volumes[0].projected.sources[2].downwardAPI.fieldRef.fieldPath: Invalid value: "x": error converting fieldPath: field label not supported: x',
      'spec.volumes[0].projected.sources[2].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
    ],
  ],
  [
    'a hostname of its own on the network of its host',
    { hostNetwork: true, hostnameOverride: 'web' },
    ['spec.hostnameOverride: Forbidden: may not be specified when `hostNetwork` is true'],
  ],
];

describe('a new pod is refused', () => {
  it.each(pods)('with %s', (_, spec, expected) => expect(errorsOf(spec)).toEqual(expected));

  it('with annotations that mean something, and say something else', () => {
    const appArmor = 'container.apparmor.security.beta.kubernetes.io';
    expect(
      errorsOf(
        {},
        {
          'kubernetes.io/config.mirror': 'x',
          'controller.kubernetes.io/pod-deletion-cost': '+1',
          [`${appArmor}/none`]: 'unconfined',
          [`${appArmor}/main`]: 'localhost',
        },
      ),
    ).toEqual([
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
      'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
      `metadata.annotations[${appArmor}/none]: Invalid value: "none": container not found`,
      `metadata.annotations[${appArmor}/main]: Invalid value: "localhost": invalid AppArmor profile name: "localhost"`,
    ]);
  });
});
