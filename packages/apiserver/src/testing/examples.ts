import { makeRequest } from '@coracle/process/pki/request';

const labels = { app: 'web' };
const container = {
  name: 'c',
  image: 'registry.example/web:1',
  command: ['run'],
  env: [
    { name: 'A', value: 'a' },
    { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ],
  ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
  resources: { requests: { cpu: '100m', memory: '1Mi' }, limits: { cpu: '1' } },
  volumeMounts: [{ name: 'v', mountPath: '/v' }],
  readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
  securityContext: { runAsUser: 1000, capabilities: { drop: ['ALL'] } },
};
const podSpec = {
  containers: [container],
  initContainers: [{ name: 'i', image: 'x' }],
  volumes: [
    { name: 'v', emptyDir: { sizeLimit: '1Gi' } },
    { name: 'w', projected: { sources: [{ configMap: { name: 'a', items: [{ key: 'k', path: 'p' }] } }] } },
  ],
  tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 }],
  affinity: {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'h', labelSelector: {} }] },
  },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} }],
};
const template = { metadata: { labels }, spec: podSpec };
const jobTemplate = { spec: { ...podSpec, restartPolicy: 'Never' } };
const selector = { matchLabels: labels };
const clientConfig = { url: 'https://hook.example/a' };
const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*' }];
const webhook = {
  name: 'a.hook.example',
  clientConfig,
  rules,
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  matchConditions: [{ name: 'c', expression: 'true' }],
};
const matchConstraints = { resourceRules: rules };
const roleRules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['a'] }];
const subjects = [{ kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' }];
const { request } = await makeRequest({ commonName: 'u', organizations: [] });
const claim = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c', count: 1 } }] } };
const storage = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

/** One object a kind that is kept, by apiVersion and kind, without apiVersion, kind and name. A server without admission plugins takes them. */
export const examples: Readonly<Record<string, object>> = {
  'v1 ConfigMap': { data: { a: 'b' }, binaryData: { c: 'eA==' } },
  'v1 Endpoints': { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'p', port: 80 }] }] },
  'v1 Event': { involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' }, reason: 'R', type: 'Normal' },
  'v1 LimitRange': { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, default: { cpu: '1' } }] } },
  'v1 Namespace': {},
  'v1 Node': {
    spec: { taints: [{ key: 'k', effect: 'NoSchedule' }], podCIDRs: ['10.1.0.0/24'], podCIDR: '10.1.0.0/24' },
  },
  'v1 PersistentVolumeClaim': { spec: storage },
  'v1 PersistentVolume': {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'd.example', volumeHandle: 'h' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'k', operator: 'Exists' }] }] } },
    },
  },
  'v1 Pod': { metadata: { labels }, spec: podSpec },
  'v1 PodTemplate': { template },
  'v1 ReplicationController': { spec: { selector: labels, template } },
  'v1 ResourceQuota': { spec: { hard: { pods: '1', 'requests.cpu': '2' }, scopes: ['NotTerminating'] } },
  'v1 Secret': { type: 'Opaque', data: { a: 'eA==' } },
  'v1 ServiceAccount': { secrets: [{ name: 's' }], imagePullSecrets: [{ name: 'p' }] },
  'v1 Service': { spec: { selector: labels, ports: [{ name: 'p', port: 80, targetPort: 'http' }] } },
  'autoscaling/v2 HorizontalPodAutoscaler': {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
      maxReplicas: 2,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } },
    },
  },
  'autoscaling/v1 HorizontalPodAutoscaler': {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
      maxReplicas: 2,
      targetCPUUtilizationPercentage: 50,
    },
  },
  'batch/v1 CronJob': {
    spec: { schedule: '* * * * *', timeZone: 'Etc/UTC', jobTemplate: { spec: { template: jobTemplate } } },
  },
  'batch/v1 Job': {
    spec: {
      template: jobTemplate,
      podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }] },
    },
  },
  'certificates.k8s.io/v1 CertificateSigningRequest': {
    spec: { request: Buffer.from(request).toString('base64'), signerName: 's.example/a', usages: ['client auth'] },
  },
  'coordination.k8s.io/v1 Lease': {
    spec: { holderIdentity: 'h', leaseDurationSeconds: 10, renewTime: '2026-01-01T00:00:00.000000Z' },
  },
  'discovery.k8s.io/v1 EndpointSlice': {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true }, hints: { forZones: [{ name: 'z' }] } }],
    ports: [{ name: 'p', port: 80 }],
  },
  'events.k8s.io/v1 Event': {
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'c.example',
    reportingInstance: 'i',
    action: 'A',
    reason: 'R',
    type: 'Normal',
    regarding: { kind: 'Pod', name: 'a', namespace: 'default' },
  },
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema': {
    spec: {
      priorityLevelConfiguration: { name: 'l' },
      matchingPrecedence: 1000,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'u' } }],
          resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }],
        },
      ],
    },
  },
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration': {
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 1,
        limitResponse: { type: 'Queue', queuing: { queues: 8, handSize: 2, queueLengthLimit: 5 } },
      },
    },
  },
  'networking.k8s.io/v1 Ingress': {
    spec: {
      tls: [{ hosts: ['a.example'], secretName: 's' }],
      rules: [
        {
          host: 'a.example',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  'networking.k8s.io/v1 IngressClass': {
    spec: { controller: 'c.example/a', parameters: { kind: 'P', name: 'p', scope: 'Cluster' } },
  },
  'networking.k8s.io/v1 IPAddress': { spec: { parentRef: { resource: 'services', namespace: 'default', name: 's' } } },
  'networking.k8s.io/v1 NetworkPolicy': {
    spec: {
      podSelector: selector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }], ports: [{ port: 1, endPort: 2 }] },
      ],
      egress: [{ to: [{ namespaceSelector: {} }] }],
    },
  },
  'networking.k8s.io/v1 ServiceCIDR': { spec: { cidrs: ['10.200.0.0/24'] } },
  'policy/v1 PodDisruptionBudget': { spec: { selector, minAvailable: '50%' } },
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': {
    subjects,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' },
  },
  'rbac.authorization.k8s.io/v1 ClusterRole': {
    rules: roleRules,
    aggregationRule: { clusterRoleSelectors: [selector] },
  },
  'rbac.authorization.k8s.io/v1 RoleBinding': {
    subjects,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
  },
  'rbac.authorization.k8s.io/v1 Role': { rules: roleRules },
  'storage.k8s.io/v1 CSIDriver': { spec: { volumeLifecycleModes: ['Ephemeral'], tokenRequests: [{ audience: 'a' }] } },
  'storage.k8s.io/v1 CSINode': {
    spec: { drivers: [{ name: 'd.example', nodeID: 'n', topologyKeys: ['k'], allocatable: { count: 1 } }] },
  },
  'storage.k8s.io/v1 CSIStorageCapacity': { storageClassName: 's', capacity: '1Gi', nodeTopology: selector },
  'storage.k8s.io/v1 StorageClass': {
    provisioner: 'd.example',
    parameters: { a: 'b' },
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'k', values: ['v'] }] }],
  },
  'storage.k8s.io/v1 VolumeAttachment': {
    spec: { attacher: 'd.example', nodeName: 'n', source: { persistentVolumeName: 'v' } },
  },
  'storage.k8s.io/v1 VolumeAttributesClass': { driverName: 'd.example', parameters: { a: 'b' } },
  'scheduling.k8s.io/v1 PriorityClass': { value: 1, preemptionPolicy: 'Never', description: 'd' },
  'node.k8s.io/v1 RuntimeClass': {
    handler: 'h',
    overhead: { podFixed: { cpu: '1' } },
    scheduling: { nodeSelector: labels, tolerations: [{ key: 'k', operator: 'Exists' }] },
  },
  'resource.k8s.io/v1 DeviceClass': { spec: { selectors: [{ cel: { expression: 'device.driver == "d"' } }] } },
  'resource.k8s.io/v1 ResourceClaim': { spec: claim },
  'resource.k8s.io/v1 ResourceClaimTemplate': { spec: { spec: claim } },
  'resource.k8s.io/v1 ResourceSlice': {
    spec: {
      driver: 'd.example',
      nodeName: 'n',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      devices: [{ name: 'd', attributes: { a: { string: 'x' } }, capacity: { m: { value: '1Gi' } } }],
    },
  },
  'apps/v1 ControllerRevision': { revision: 1, data: { a: 1 } },
  'apps/v1 DaemonSet': { spec: { selector, template } },
  'apps/v1 Deployment': { spec: { selector, template, strategy: { rollingUpdate: { maxSurge: 1 } } } },
  'apps/v1 ReplicaSet': { spec: { selector, template } },
  'apps/v1 StatefulSet': {
    spec: { selector, template, serviceName: 's', volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: storage }] },
  },
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': { webhooks: [webhook] },
  'admissionregistration.k8s.io/v1 MutatingAdmissionPolicy': {
    spec: {
      matchConstraints,
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }],
      variables: [{ name: 'v', expression: '1' }],
      reinvocationPolicy: 'Never',
    },
  },
  'admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding': { spec: { policyName: 'p' } },
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': {
    spec: {
      matchConstraints,
      matchConditions: [{ name: 'c', expression: 'true' }],
      validations: [{ expression: 'object.metadata.name != ""', messageExpression: '"m"' }],
      auditAnnotations: [{ key: 'a', valueExpression: '"v"' }],
    },
  },
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': {
    spec: { policyName: 'p', validationActions: ['Deny'], matchResources: { namespaceSelector: selector } },
  },
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': { webhooks: [webhook] },
  'apiextensions.k8s.io/v1 CustomResourceDefinition': {
    spec: {
      group: 'e.example',
      names: { plural: 'examples', kind: 'Example' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  properties: {
                    a: { type: 'string', pattern: '^a$' },
                    l: { type: 'array', items: { type: 'integer' } },
                  },
                  'x-kubernetes-validations': [{ rule: 'has(self.a)', message: 'm' }],
                },
              },
            },
          },
          subresources: { status: {} },
          additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: '.spec.a' }],
        },
      ],
    },
  },
  'apiregistration.k8s.io/v1 APIService': {
    spec: {
      group: 'x.example',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      service: { name: 's', namespace: 'default' },
      insecureSkipTLSVerify: true,
    },
  },
};

/** What an example is called, where not `example`. */
export const exampleNames: Readonly<Record<string, string>> = {
  // Objects that two versions or groups show are the same.
  'autoscaling/v1 HorizontalPodAutoscaler': 'another-example',
  'events.k8s.io/v1 Event': 'another-example',
  'networking.k8s.io/v1 IPAddress': '10.200.0.7',
  'apiextensions.k8s.io/v1 CustomResourceDefinition': 'examples.e.example',
  'apiregistration.k8s.io/v1 APIService': 'v1.x.example',
};
