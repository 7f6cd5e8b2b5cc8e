import { mutatingAdmissionPolicy } from './admissionregistration/v1/mutatingadmissionpolicy.ts';
import { mutatingAdmissionPolicyBinding } from './admissionregistration/v1/mutatingadmissionpolicybinding.ts';
import { mutatingWebhookConfiguration } from './admissionregistration/v1/mutatingwebhookconfiguration.ts';
import { validatingAdmissionPolicy } from './admissionregistration/v1/validatingadmissionpolicy.ts';
import { validatingAdmissionPolicyBinding } from './admissionregistration/v1/validatingadmissionpolicybinding.ts';
import { validatingWebhookConfiguration } from './admissionregistration/v1/validatingwebhookconfiguration.ts';
import { customResourceDefinition } from './apiextensions/v1/customresourcedefinition.ts';
import { apiService } from './apiregistration/v1/apiservice.ts';
import { controllerRevision } from './apps/v1/controllerrevision.ts';
import { daemonSet } from './apps/v1/daemonset.ts';
import { deployment } from './apps/v1/deployment.ts';
import { replicaSet } from './apps/v1/replicaset.ts';
import { statefulSet } from './apps/v1/statefulset.ts';
import { selfSubjectReview } from './authentication/v1/selfsubjectreview.ts';
import { tokenRequest } from './authentication/v1/tokenrequest.ts';
import { tokenReview } from './authentication/v1/tokenreview.ts';
import { localSubjectAccessReview } from './authorization/v1/localsubjectaccessreview.ts';
import { selfSubjectAccessReview } from './authorization/v1/selfsubjectaccessreview.ts';
import { selfSubjectRulesReview } from './authorization/v1/selfsubjectrulesreview.ts';
import { subjectAccessReview } from './authorization/v1/subjectaccessreview.ts';
import { horizontalPodAutoscaler as horizontalPodAutoscalerV1 } from './autoscaling/v1/horizontalpodautoscaler.ts';
import { scale } from './autoscaling/v1/scale.ts';
import { horizontalPodAutoscaler } from './autoscaling/v2/horizontalpodautoscaler.ts';
import { cronJob } from './batch/v1/cronjob.ts';
import { job } from './batch/v1/job.ts';
import { certificateSigningRequest } from './certificates/v1/certificatesigningrequest.ts';
import { lease } from './coordination/v1/lease.ts';
import { binding } from './core/v1/binding.ts';
import { componentStatus } from './core/v1/componentstatus.ts';
import { configMap } from './core/v1/configmap.ts';
import { endpoints } from './core/v1/endpoints.ts';
import { event } from './core/v1/event.ts';
import { limitRange } from './core/v1/limitrange.ts';
import { namespace } from './core/v1/namespace.ts';
import { node } from './core/v1/node.ts';
import { persistentVolume } from './core/v1/persistentvolume.ts';
import { persistentVolumeClaim } from './core/v1/persistentvolumeclaim.ts';
import { pod } from './core/v1/pod.ts';
import { podTemplate } from './core/v1/podtemplate.ts';
import { replicationController } from './core/v1/replicationcontroller.ts';
import { resourceQuota } from './core/v1/resourcequota.ts';
import { secret } from './core/v1/secret.ts';
import { service } from './core/v1/service.ts';
import { serviceAccount } from './core/v1/serviceaccount.ts';
import { endpointSlice } from './discovery/v1/endpointslice.ts';
import { event as eventsEvent } from './events/v1/event.ts';
import { flowSchema } from './flowcontrol/v1/flowschema.ts';
import { priorityLevelConfiguration } from './flowcontrol/v1/prioritylevelconfiguration.ts';
import type { AnyKind } from './kind.ts';
import { ingress } from './networking/v1/ingress.ts';
import { ingressClass } from './networking/v1/ingressclass.ts';
import { ipAddress } from './networking/v1/ipaddress.ts';
import { networkPolicy } from './networking/v1/networkpolicy.ts';
import { serviceCidr } from './networking/v1/servicecidr.ts';
import { runtimeClass } from './node/v1/runtimeclass.ts';
import { podDisruptionBudget } from './policy/v1/poddisruptionbudget.ts';
import { clusterRole } from './rbac/v1/clusterrole.ts';
import { clusterRoleBinding } from './rbac/v1/clusterrolebinding.ts';
import { role } from './rbac/v1/role.ts';
import { roleBinding } from './rbac/v1/rolebinding.ts';
import { deviceClass } from './resource/v1/deviceclass.ts';
import { resourceClaim } from './resource/v1/resourceclaim.ts';
import { resourceClaimTemplate } from './resource/v1/resourceclaimtemplate.ts';
import { resourceSlice } from './resource/v1/resourceslice.ts';
import { priorityClass } from './scheduling/v1/priorityclass.ts';
import { Scheme } from './scheme.ts';
import { csiDriver } from './storage/v1/csidriver.ts';
import { csiNode } from './storage/v1/csinode.ts';
import { csiStorageCapacity } from './storage/v1/csistoragecapacity.ts';
import { storageClass } from './storage/v1/storageclass.ts';
import { volumeAttachment } from './storage/v1/volumeattachment.ts';
import { volumeAttributesClass } from './storage/v1/volumeattributesclass.ts';

/** Kinds with a collection or a review endpoint, in the order discovery lists them. */
export const builtinKinds: readonly AnyKind[] = [
  binding,
  componentStatus,
  configMap,
  endpoints,
  event,
  limitRange,
  namespace,
  node,
  persistentVolumeClaim,
  persistentVolume,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  serviceAccount,
  service,
  selfSubjectReview,
  tokenReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  cronJob,
  job,
  certificateSigningRequest,
  lease,
  endpointSlice,
  eventsEvent,
  flowSchema,
  priorityLevelConfiguration,
  ingress,
  ingressClass,
  ipAddress,
  networkPolicy,
  serviceCidr,
  podDisruptionBudget,
  clusterRoleBinding,
  clusterRole,
  roleBinding,
  role,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  storageClass,
  volumeAttachment,
  volumeAttributesClass,
  priorityClass,
  runtimeClass,
  deviceClass,
  resourceClaim,
  resourceClaimTemplate,
  resourceSlice,
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
  mutatingWebhookConfiguration,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
  customResourceDefinition,
  apiService,
];

/** Kinds that only appear as the body of a subresource. */
export const subresourceKinds: readonly AnyKind[] = [scale, tokenRequest];

/** Every built-in kind. */
export const scheme = new Scheme([...builtinKinds, ...subresourceKinds]);
