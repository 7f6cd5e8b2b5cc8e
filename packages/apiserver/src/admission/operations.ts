import type { Operation } from './plugin.ts';

const creates: readonly Operation[] = ['CREATE'];
const updates: readonly Operation[] = ['UPDATE'];
const writes: readonly Operation[] = ['CREATE', 'UPDATE'];
const changes: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE'];

/** The operations that upstream's plugins are asked about, by their names; those that are not here are asked about all. */
export const operationsOf: Readonly<Record<string, readonly Operation[]>> = {
  NamespaceAutoProvision: creates,
  NamespaceLifecycle: changes,
  NamespaceExists: changes,
  LimitPodHardAntiAffinityTopology: writes,
  LimitRanger: writes,
  ServiceAccount: writes,
  NodeRestriction: changes,
  TaintNodesByCondition: creates,
  AlwaysPullImages: writes,
  ImagePolicyWebhook: writes,
  PodSecurity: writes,
  PodNodeSelector: creates,
  Priority: changes,
  DefaultTolerationSeconds: writes,
  PodTolerationRestriction: writes,
  EventRateLimit: writes,
  ExtendedResourceToleration: writes,
  DefaultStorageClass: creates,
  StorageObjectInUseProtection: creates,
  OwnerReferencesPermissionEnforcement: writes,
  PersistentVolumeClaimResize: updates,
  RuntimeClass: creates,
  CertificateApproval: updates,
  CertificateSigning: updates,
  CertificateSubjectRestriction: creates,
  DefaultIngressClass: creates,
  DenyServiceExternalIPs: writes,
  PodTopologyLabels: creates,
  NodeDeclaredFeatureValidator: writes,
  PodResizeValidator: updates,
  MutatingAdmissionPolicy: ['CREATE', 'UPDATE', 'CONNECT'],
  ResourceQuota: writes,
};
