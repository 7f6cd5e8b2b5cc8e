import { deployment } from '@coracle/api/apps/v1/deployment';
import { service } from '@coracle/api/core/v1/service';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import type { Deployment } from '@coracle/api/types/apps/v1';
import type { Container, PodSpec, Service } from '@coracle/api/types/core/v1';
import { programImage } from '../images/programs.ts';
import { type AddonObject, addonObject } from './addon.ts';

export interface ClusterDnsOptions {
  /** The address that kubelets write into pods' resolv.conf (their --cluster-dns). */
  clusterIp: string;
  clusterDomain: string;
  /** How many servers there are: two where there are nodes for them, one in a cluster of one node. */
  replicas: number;
  image?: string;
}

const name = 'cluster-dns';
const namespace = 'kube-system';
const role = 'system:cluster-dns';
/** What Kubernetes clusters have their DNS server known by, whichever it is. */
const selector = { 'k8s-app': 'kube-dns' };
const ports = { dns: 53, health: 8080, ready: 8181, metrics: 9153 };
/** A user of no other right in the image or on the node. */
const user = 65_532;

/** The cluster's DNS server as objects of the API, in the order in which they are to be made: the Service's address before its servers. */
export function clusterDns(options: ClusterDnsOptions): AddonObject[] {
  const labels = { ...selector, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'ClusterDNS' };
  return [
    addonObject(serviceAccount, { metadata: { name, namespace, labels } }),
    addonObject(clusterRole, {
      metadata: { name: role, labels },
      rules: [
        { apiGroups: [''], resources: ['services', 'namespaces', 'pods'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    }),
    addonObject(clusterRoleBinding, {
      metadata: { name: role, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    }),
    addonObject(service, serviceOf(options.clusterIp, labels)),
    addonObject(deployment, deploymentOf(options, labels)),
  ];
}

function serviceOf(clusterIP: string, labels: Record<string, string>): Service {
  return {
    metadata: {
      name: 'kube-dns',
      namespace,
      labels,
      annotations: { 'prometheus.io/port': String(ports.metrics), 'prometheus.io/scrape': 'true' },
    },
    spec: {
      clusterIP,
      selector,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 'dns-tcp' },
        { name: 'metrics', port: ports.metrics, protocol: 'TCP', targetPort: 'metrics' },
      ],
    },
  };
}

function deploymentOf(options: ClusterDnsOptions, labels: Record<string, string>): Deployment {
  return {
    metadata: { name, namespace, labels },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: selector },
      // A single server is replaced only once the next one answers.
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: options.replicas > 1 ? 1 : 0, maxSurge: 1 },
      },
      template: { metadata: { labels: selector }, spec: podOf(options) },
    },
  };
}

function podOf(options: ClusterDnsOptions): PodSpec {
  return {
    serviceAccountName: name,
    priorityClassName: 'system-cluster-critical',
    // The server asks the node's own servers about names outside, never itself.
    dnsPolicy: 'Default',
    tolerations: [
      { key: 'CriticalAddonsOnly', operator: 'Exists' },
      { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
    ],
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: { labelSelector: { matchLabels: selector }, topologyKey: 'kubernetes.io/hostname' },
          },
        ],
      },
    },
    // An ordinary user may listen on port 53 in this pod's network, so that the program needs no capability at all.
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [containerOf(options)],
  };
}

function containerOf({ clusterDomain, image = programImage(name) }: ClusterDnsOptions): Container {
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: [`--cluster-domain=${clusterDomain}`],
    env: [{ name: 'NODE_OPTIONS', value: '--max-semi-space-size=2' }],
    ports: [
      { name: 'dns', containerPort: ports.dns, protocol: 'UDP' },
      { name: 'dns-tcp', containerPort: ports.dns, protocol: 'TCP' },
      { name: 'metrics', containerPort: ports.metrics, protocol: 'TCP' },
    ],
    resources: { requests: { cpu: '100m', memory: '70Mi' }, limits: { memory: '170Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // Often, for a cluster whose first pods wait for their first name.
    readinessProbe: { httpGet: { path: '/ready', port: ports.ready }, periodSeconds: 2, timeoutSeconds: 2 },
    livenessProbe: {
      httpGet: { path: '/health', port: ports.health },
      initialDelaySeconds: 30,
      timeoutSeconds: 5,
      failureThreshold: 5,
    },
  };
}
