import type { AggregationRule, PolicyRule } from '@coracle/api/types/rbac/v1';
import { core, events, on, onPaths, read, readUpdate, readWrite, write } from './rule.ts';

/** A default ClusterRole, before its labels and annotations. */
export interface RoleSketch {
  readonly rules?: readonly PolicyRule[];
  readonly aggregationRule?: AggregationRule;
  /** Which aggregated roles it is part of: `admin`, `edit`, `view`. */
  readonly aggregateTo?: string;
}

const aggregateOf = (role: string): AggregationRule => ({
  clusterRoleSelectors: [{ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' } }],
});

const viewRules: PolicyRule[] = [
  on(
    read,
    core,
    `configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers
     replicationcontrollers/scale serviceaccounts services services/status`,
  ),
  on(
    read,
    core,
    `bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas
     resourcequotas/status`,
  ),
  on(read, core, 'namespaces'),
  on(read, 'discovery.k8s.io', 'endpointslices'),
  on(
    read,
    'apps',
    `controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets
     replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status`,
  ),
  on(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  on(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  on(
    read,
    'extensions',
    `daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies
     replicasets replicasets/scale replicasets/status replicationcontrollers/scale`,
  ),
  on(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  on(read, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
  on(read, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
];

const editRules: PolicyRule[] = [
  on(read, core, 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  on('impersonate', core, 'serviceaccounts'),
  on(write, core, 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  on('create', core, 'pods/eviction'),
  on(
    write,
    core,
    `configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts
     services services/proxy`,
  ),
  on('create', core, 'serviceaccounts/token'),
  on(
    write,
    'apps',
    `daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets
     statefulsets/scale`,
  ),
  on(write, 'autoscaling', 'horizontalpodautoscalers'),
  on(write, 'batch', 'cronjobs jobs'),
  on(
    write,
    'extensions',
    `daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale
     replicationcontrollers/scale`,
  ),
  on(write, 'policy', 'poddisruptionbudgets'),
  on(write, 'networking.k8s.io', 'ingresses networkpolicies'),
  on(readWrite, 'coordination.k8s.io', 'leases'),
  on(write, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
];

/** What a node may do at all; the node authorizer and NodeRestriction narrow it to what concerns the node itself. */
export const nodeRules: PolicyRule[] = [
  on('create', 'authentication.k8s.io', 'tokenreviews'),
  on('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  on(read, core, 'services'),
  on('create get list watch', core, 'nodes'),
  on('patch update', core, 'nodes/status'),
  on('patch update', core, 'nodes'),
  on('create patch update', 'core events.k8s.io', 'events'),
  on(read, core, 'pods'),
  on('create delete', core, 'pods'),
  on('patch update', core, 'pods/status'),
  on('create', core, 'pods/eviction'),
  on(read, core, 'configmaps secrets'),
  on('get', core, 'persistentvolumeclaims persistentvolumes'),
  on('get', core, 'endpoints'),
  on('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  on('create delete get patch update', 'coordination.k8s.io', 'leases'),
  on('get', 'storage.k8s.io', 'volumeattachments'),
  on('create', core, 'serviceaccounts/token'),
  on('get patch update', core, 'persistentvolumeclaims/status'),
  on(read, 'storage.k8s.io', 'csidrivers'),
  on('create delete get patch update', 'storage.k8s.io', 'csinodes'),
  on(read, 'node.k8s.io', 'runtimeclasses'),
  on('get', 'resource.k8s.io', 'resourceclaims'),
  on('deletecollection', 'resource.k8s.io', 'resourceslices'),
  on('create delete get list patch update watch', 'resource.k8s.io', 'resourceslices'),
];

const controllerManagerRules: PolicyRule[] = [
  events,
  on('create', 'coordination.k8s.io', 'leases'),
  on('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
  on('create', core, 'secrets serviceaccounts'),
  on('delete', core, 'secrets'),
  on('get', core, 'configmaps namespaces secrets serviceaccounts'),
  on('update', core, 'secrets serviceaccounts'),
  on('create', 'authentication.k8s.io', 'tokenreviews'),
  on('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  on('list watch', '*', '*'),
  on('create', core, 'serviceaccounts/token'),
];

const schedulerRules: PolicyRule[] = [
  events,
  on('create', 'coordination.k8s.io', 'leases'),
  on('get update', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
  on(read, core, 'nodes'),
  on('delete get list watch', core, 'pods'),
  on('create', core, 'bindings pods/binding'),
  on('patch update', core, 'pods/status'),
  on(read, core, 'replicationcontrollers services'),
  on(read, 'apps extensions', 'replicasets'),
  on(read, 'apps', 'statefulsets'),
  on(read, 'policy', 'poddisruptionbudgets'),
  on(read, core, 'persistentvolumeclaims persistentvolumes'),
  on('create', 'authentication.k8s.io', 'tokenreviews'),
  on('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  on(read, 'storage.k8s.io', 'csinodes'),
  on(read, core, 'namespaces'),
  on(read, 'storage.k8s.io', 'csidrivers'),
  on(read, 'storage.k8s.io', 'csistoragecapacities'),
  on(read, 'resource.k8s.io', 'deviceclasses resourceslices'),
  on(readUpdate, 'resource.k8s.io', 'resourceclaims'),
  on(readUpdate, 'resource.k8s.io', 'resourceclaims/status'),
  on('patch update', 'resource.k8s.io', 'resourceclaims/binding'),
  on('patch', core, 'pods/finalizers'),
];

const approver = (signer: string): RoleSketch => ({
  rules: [on('approve', 'certificates.k8s.io', 'signers', `kubernetes.io/${signer}`)],
});

/** The default ClusterRoles by name (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings). */
export const clusterRoles: Readonly<Record<string, RoleSketch>> = {
  'cluster-admin': { rules: [on('*', '*', '*'), onPaths('*', '*')] },
  'system:discovery': {
    rules: [onPaths('get', '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/')],
  },
  'system:monitoring': {
    rules: [
      onPaths('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'),
      onPaths('get', '/flagz'),
      onPaths('get', '/statusz'),
    ],
  },
  'system:basic-user': {
    rules: [
      on('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      on('create', 'authentication.k8s.io', 'selfsubjectreviews'),
    ],
  },
  'system:public-info-viewer': { rules: [onPaths('get', '/healthz /livez /readyz /version /version/')] },
  admin: { aggregationRule: aggregateOf('admin') },
  edit: { aggregationRule: aggregateOf('edit'), aggregateTo: 'admin' },
  view: { aggregationRule: aggregateOf('view'), aggregateTo: 'edit' },
  'system:aggregate-to-admin': {
    aggregateTo: 'admin',
    rules: [
      on('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
      on(readWrite, 'rbac.authorization.k8s.io', 'rolebindings roles'),
    ],
  },
  'system:aggregate-to-edit': { aggregateTo: 'edit', rules: editRules },
  'system:aggregate-to-view': { aggregateTo: 'view', rules: viewRules },
  'system:heapster': {
    rules: [on(read, core, 'events namespaces nodes pods'), on(read, 'extensions', 'deployments')],
  },
  'system:node': { rules: nodeRules },
  'system:node-problem-detector': { rules: [on('get', core, 'nodes'), on('patch', core, 'nodes/status'), events] },
  'system:kubelet-api-admin': {
    rules: [
      on(read, core, 'nodes'),
      on('proxy', core, 'nodes'),
      on(
        '*',
        core,
        'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/spec nodes/stats',
      ),
    ],
  },
  'system:node-bootstrapper': {
    rules: [on('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests')],
  },
  'system:auth-delegator': {
    rules: [
      on('create', 'authentication.k8s.io', 'tokenreviews'),
      on('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    ],
  },
  'system:kube-aggregator': {
    rules: [on(read, core, 'endpoints services'), on(read, 'discovery.k8s.io', 'endpointslices')],
  },
  'system:kube-controller-manager': { rules: controllerManagerRules },
  'system:kube-dns': { rules: [on('list watch', core, 'endpoints services')] },
  'system:persistent-volume-provisioner': {
    rules: [
      on('create delete get list watch', core, 'persistentvolumes'),
      on('get list update watch', core, 'persistentvolumeclaims'),
      on(read, 'storage.k8s.io', 'storageclasses'),
      on('watch', core, 'events'),
      events,
    ],
  },
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': {
    rules: [on('create', 'certificates.k8s.io', 'certificatesigningrequests/nodeclient')],
  },
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': {
    rules: [on('create', 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient')],
  },
  'system:volume-scheduler': {
    rules: [
      on(readUpdate, core, 'persistentvolumes'),
      on(read, 'storage.k8s.io', 'storageclasses'),
      on(readUpdate, core, 'persistentvolumeclaims'),
    ],
  },
  'system:certificates.k8s.io:legacy-unknown-approver': approver('legacy-unknown'),
  'system:certificates.k8s.io:kubelet-serving-approver': approver('kubelet-serving'),
  'system:certificates.k8s.io:kube-apiserver-client-approver': approver('kube-apiserver-client'),
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': approver('kube-apiserver-client-kubelet'),
  'system:service-account-issuer-discovery': {
    rules: [
      onPaths(
        'get',
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ],
  },
  'system:node-proxier': {
    rules: [
      on('list watch', core, 'endpoints services'),
      on(read, core, 'nodes'),
      events,
      on('list watch', 'discovery.k8s.io', 'endpointslices'),
      on('list watch', 'networking.k8s.io', 'servicecidrs'),
    ],
  },
  'system:kube-scheduler': { rules: schedulerRules },
};
