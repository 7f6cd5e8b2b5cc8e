import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type {
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { Ingress, IngressClass, NetworkPolicy } from '@coracle/api/types/networking/v1';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@coracle/api/types/rbac/v1';
import type { CSINode, StorageClass, VolumeAttributesClass } from '@coracle/api/types/storage/v1';
import type { AnyObject } from '../resources/resource.ts';
import type { Session } from '../session.ts';
import { describeCertificateRequest } from './certificate.ts';
import { describePersistentVolumeClaim } from './claim.ts';
import { describeConfigMap, describeNamespace, describeSecret, describeServiceAccount } from './configuration.ts';
import type { Description } from './description.ts';
import { describeDisruptionBudget } from './disruption-budget.ts';
import { describeEvents, eventsOf } from './events.ts';
import { describeGeneric } from './generic.ts';
import { describeIngress, describeIngressClass } from './ingress.ts';
import { describeLimitRange } from './limit-range.ts';
import { describeNetworkPolicy } from './network-policy.ts';
import { describeNode } from './node.ts';
import { describePod } from './pod.ts';
import { describeRole, describeRoleBinding } from './rbac.ts';
import { describeResourceQuota } from './resource-quota.ts';
import { describeEndpointSlice, describeEndpoints, describeService } from './service.ts';
import {
  describeCsiNode,
  describePersistentVolume,
  describeStorageClass,
  describeVolumeAttributesClass,
} from './storage.ts';
import { describeDeployment, describeReplicaSet } from './workloads.ts';

interface Describer {
  describe(object: AnyObject, session: Session): Description | Promise<Description>;
  /** Whether upstream shows events for the kind. */
  readonly events: boolean;
}

/** A describer of a kind, typed by its object. */
const of = <T>(
  describe: (object: T, session: Session) => Description | Promise<Description>,
  events = true,
): Describer => ({
  describe: (object, session) => describe(object as unknown as T, session),
  events,
});

const rbac = 'rbac.authorization.k8s.io';

/** By `Kind` of the core group or `Kind.group`. */
const describers: Readonly<Record<string, Describer>> = {
  Pod: of<Pod>(describePod),
  Service: of<Service>(describeService),
  Node: of<Node>(describeNode),
  Namespace: of<Namespace>(describeNamespace, false),
  LimitRange: of<LimitRange>(describeLimitRange, false),
  ResourceQuota: of<ResourceQuota>(describeResourceQuota, false),
  ConfigMap: of<ConfigMap>(describeConfigMap),
  Secret: of<Secret>(describeSecret, false),
  ServiceAccount: of<ServiceAccount>(describeServiceAccount),
  PersistentVolume: of<PersistentVolume>(describePersistentVolume),
  PersistentVolumeClaim: of<PersistentVolumeClaim>(describePersistentVolumeClaim),
  'StorageClass.storage.k8s.io': of<StorageClass>(describeStorageClass),
  'VolumeAttributesClass.storage.k8s.io': of<VolumeAttributesClass>(describeVolumeAttributesClass),
  'CSINode.storage.k8s.io': of<CSINode>(describeCsiNode),
  'Ingress.networking.k8s.io': of<Ingress>(describeIngress),
  'IngressClass.networking.k8s.io': of<IngressClass>(describeIngressClass),
  'NetworkPolicy.networking.k8s.io': of<NetworkPolicy>(describeNetworkPolicy, false),
  Endpoints: of<Endpoints>(describeEndpoints),
  'EndpointSlice.discovery.k8s.io': of<EndpointSlice>(describeEndpointSlice),
  'CertificateSigningRequest.certificates.k8s.io': of<CertificateSigningRequest>(describeCertificateRequest),
  'Deployment.apps': of<Deployment>(describeDeployment),
  'ReplicaSet.apps': of<ReplicaSet>(describeReplicaSet),
  'PodDisruptionBudget.policy': of<PodDisruptionBudget>(describeDisruptionBudget),
  [`Role.${rbac}`]: of<Role>(describeRole, false),
  [`ClusterRole.${rbac}`]: of<ClusterRole>(describeRole, false),
  [`RoleBinding.${rbac}`]: of<RoleBinding>(describeRoleBinding, false),
  [`ClusterRoleBinding.${rbac}`]: of<ClusterRoleBinding>(describeRoleBinding, false),
};

const generic = of<AnyObject>(describeGeneric);

/** The whole description of an object, with its events unless they are not wanted. */
export async function describe(
  object: AnyObject,
  session: Session,
  options: { events: boolean; chunkSize: number },
): Promise<string> {
  const group = object.apiVersion.includes('/') ? `.${object.apiVersion.slice(0, object.apiVersion.indexOf('/'))}` : '';
  const describer = describers[`${object.kind}${group}`] ?? generic;
  const out = await describer.describe(object, session);
  if (describer.events && options.events) describeEvents(out, await objectEvents(object, session, options.chunkSize));
  return out.toString();
}

/** Events of nodes come with the node's UID (controllers) or its name as UID (kubelets). */
async function objectEvents(object: AnyObject, session: Session, chunkSize: number): Promise<Event[]> {
  const events = await eventsOf(session, object, chunkSize);
  if (object.kind !== 'Node' || object.apiVersion !== 'v1') return events;
  return [...events, ...(await eventsOf(session, object, chunkSize, object.metadata.name))];
}
