import { describe, expect, it } from '@jest/globals';
import type { Container, Pod, PodSpec } from '../../generated/core/v1.ts';
import { Path } from '../../meta/field-path.ts';
import { isPortName, isQualifiedName } from '../../meta/names.ts';
import { validateCreate } from '../../validate.ts';
import { pod } from './pod.ts';
import { podTemplateDefaults } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validation.ts';

function errorsOf(spec: Partial<PodSpec>, annotations?: Record<string, string>): string[] {
  const it: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', ...(annotations ? { annotations } : {}) },
    spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
  };
  pod.defaults!(it);
  return validateCreate(pod, it).map((each) => `${each.field}: ${each.message}`);
}

const withContainer = (container: Partial<Container>): Partial<PodSpec> => ({
  containers: [{ name: 'main', image: 'nginx', ...container }],
});
const c = 'spec.containers[0]';
const [noName] = isQualifiedName('-');

const containers: [string, Partial<Container>, string[]][] = [
  [
    'everything at once, in the order of the checks',
    {
      image: ' nginx',
      terminationMessagePolicy: 'Never',
      ports: [{ name: '--', containerPort: 0, protocol: 'ICMP' }],
      env: [{ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: '', key: '' } } }],
      volumeMounts: [{ name: 'data', mountPath: '/x', subPath: '/y', mountPropagation: 'Up' }],
      imagePullPolicy: 'Sometimes',
      securityContext: { runAsUser: -1, procMount: 'Some' },
      lifecycle: { preStop: { sleep: { seconds: 31 } } },
      readinessProbe: { exec: {}, tcpSocket: { port: 1 } },
    },
    [
      `${c}.terminationMessagePolicy: Unsupported value: "Never": supported values: "File", "FallbackToLogsOnError"`,
      ...isPortName('--').map((message) => `${c}.ports[0].name: Invalid value: "--": ${message}`),
      `${c}.ports[0].containerPort: Required value`,
      `${c}.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"`,
      `${c}.env[0].valueFrom.secretKeyRef.name: Required value`,
      `${c}.env[0].valueFrom.secretKeyRef.key: Required value`,
      `${c}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
      `${c}.volumeMounts[0].name: Not found: "data"`,
      `${c}.volumeMounts.subPath: Invalid value: "/y": must be a relative path`,
      `${c}.volumeMounts.mountPropagation: Unsupported value: "Up": supported values: "Bidirectional", "HostToContainer", "None"`,
      `${c}.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`,
      `${c}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`,
      `${c}.securityContext.procMount: Unsupported value: "Some": supported values: "Default", "Unmasked"`,
      `${c}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
      `${c}.readinessProbe.exec.command: Required value`,
      `${c}.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
      `${c}.image: Invalid value: " nginx": must not have leading or trailing whitespace`,
    ],
  ],
  [
    'amounts',
    {
      resources: {
        limits: { cpu: '-1', 'example.com/gpu': '1500m', 'hugepages-2Mi': '3Mi', 'kubernetes.io/x': '1' },
        requests: { speed: '1', 'example.com/gpu': '1', 'hugepages-1Gi': '1Gi' },
      },
    },
    [
      `${c}.resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
      `${c}.resources.limits[example.com/gpu]: Invalid value: "1500m": must be an integer`,
      `${c}.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      `${c}.resources.requests[speed]: Invalid value: "speed": must be a standard resource type or fully qualified`,
      `${c}.resources.requests[speed]: Invalid value: "speed": must be a standard resource for containers`,
      `${c}.resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 1500m`,
      `${c}.resources.limits: Required value: Limit must be set for non overcommitable resources`,
      // What is not requested is as the limit says.
      `${c}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
      `${c}.resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
    ],
  ],
  [
    'claims the pod does not have',
    { resources: { claims: [{ name: 'gpu' }, { name: '' }] } },
    [
      `${c}.resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty`,
      `${c}.resources.claims[1]: Required value`,
    ],
  ],
  [
    'rules of restarts without a policy',
    { restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }] },
    [`${c}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`],
  ],
  [
    'rules of restarts that say nothing',
    {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Stop' }, { action: 'Restart', exitCodes: { operator: 'Is' } }],
    },
    [
      `${c}.restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers"`,
      `${c}.restartPolicyRules[0].exitCodes: Required value: must be specified`,
      `${c}.restartPolicyRules[1].exitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"`,
    ],
  ],
  [
    'resizes of what cannot be resized',
    {
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'cpu', restartPolicy: 'Perhaps' },
        { resourceName: 'disk', restartPolicy: '' },
      ],
    },
    [
      `${c}.resizePolicy[1]: Duplicate value: "cpu"`,
      `${c}.resizePolicy: Unsupported value: "Perhaps": supported values: "NotRequired", "RestartContainer"`,
      `${c}.resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"`,
      `${c}.resizePolicy: Required value`,
    ],
  ],
  [
    'profiles',
    {
      securityContext: {
        seccompProfile: { type: 'RuntimeDefault', localhostProfile: 'x' },
        appArmorProfile: { type: 'Localhost', localhostProfile: ' x' },
        windowsOptions: { runAsUserName: 'a\\b\\c' },
      },
    },
    [
      `${c}.securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"RuntimeDefault","LocalhostProfile":"x"}: can only be set when seccomp type is Localhost`,
      `${c}.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash`,
      `${c}.securityContext.appArmorProfile.localhostProfile: Invalid value: " x": must not be padded with whitespace`,
    ],
  ],
  [
    'a mount that is read-only all the way down, and not read-only',
    {
      volumeMounts: [{ name: 'v', mountPath: '/v', recursiveReadOnly: 'Enabled', mountPropagation: 'HostToContainer' }],
    },
    [
      `${c}.volumeMounts[0].name: Not found: "v"`,
      `${c}.volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
      `${c}.volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified`,
    ],
  ],
  [
    'fields of the pod that are not offered',
    {
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: "spec.x['y']" } } },
        { name: 'C', valueFrom: { fieldRef: { fieldPath: "metadata.labels['-']" } } },
        { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } },
        { name: 'E', valueFrom: { fileKeyRef: { volumeName: '', path: '../x', key: '=' } } },
      ],
    },
    [
      `${c}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
      `${c}.env[1].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x['y']": error converting fieldPath: field label does not support subscript: spec.x['y']`,
      `${c}.env[2].valueFrom.fieldRef: Invalid value: "-": ${noName}`,
      `${c}.env[3].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
      `${c}.env[4].valueFrom.fileKeyRef.key: Invalid value: "=": a valid environment variable name must consist only of printable ASCII characters other than '='`,
      `${c}.env[4].valueFrom.fileKeyRef.volumeName: Required value`,
      `${c}.env[4].valueFrom.fileKeyRef.path: Invalid value: "../x": must not contain '..'`,
    ],
  ],
];

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
  it.each(containers)('for a container with %s', (_, container, expected) => {
    expect(errorsOf(withContainer(container))).toEqual(expected);
  });
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
