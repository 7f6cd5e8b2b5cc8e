import { describe, expect, it } from '@jest/globals';
import type { Container } from '../../generated/core/v1.ts';
import { isPortName, isQualifiedName } from '../../meta/names.ts';
import { errorsOf, withContainer } from '../../testing/pod-specs.ts';

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

describe('a new pod is refused', () => {
  it.each(containers)('for a container with %s', (_, container, expected) => {
    expect(errorsOf(withContainer(container))).toEqual(expected);
  });
});
