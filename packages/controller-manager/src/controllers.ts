import type { Controller } from './controller.ts';
import { tokenCleanerController } from './controllers/bootstrap/cleaner.ts';
import { bootstrapSignerController } from './controllers/bootstrap/signer.ts';
import { csrApprovingController } from './controllers/certificates/approving.ts';
import { servingApprovingController } from './controllers/certificates/approving-serving.ts';
import { csrCleanerController } from './controllers/certificates/cleaning.ts';
import { csrSigningController } from './controllers/certificates/signing.ts';
import { clusterRoleAggregationController } from './controllers/clusterrole-aggregation/controller.ts';
import { deploymentController } from './controllers/deployment/controller.ts';
import { disruptionController } from './controllers/disruption/controller.ts';
import { endpointsController } from './controllers/endpoints/controller.ts';
import { endpointSliceController } from './controllers/endpointslice/controller.ts';
import { endpointSliceMirroringController } from './controllers/endpointslice-mirroring/controller.ts';
import { garbageCollectorController } from './controllers/garbage-collector/controller.ts';
import { legacyTokenCleaner } from './controllers/legacy-token-cleaner/controller.ts';
import { namespaceController } from './controllers/namespace/controller.ts';
import { nodeIpamController } from './controllers/node-ipam/controller.ts';
import { nodeLifecycleController } from './controllers/node-lifecycle/controller.ts';
import { podGarbageCollectorController } from './controllers/pod-garbage-collector/controller.ts';
import { replicaSetController } from './controllers/replicaset/controller.ts';
import { resourceQuotaController } from './controllers/resource-quota/controller.ts';
import { rootCaPublisher } from './controllers/root-ca/controller.ts';
import { serviceCidrController } from './controllers/service-cidr/controller.ts';
import { serviceAccountController } from './controllers/serviceaccount/controller.ts';
import { serviceAccountTokenController } from './controllers/serviceaccount-token/controller.ts';
import { taintEvictionController } from './controllers/taint-eviction/controller.ts';
import { attributesClassProtectionController } from './controllers/volume-protection/attributes-classes.ts';
import { claimProtectionController } from './controllers/volume-protection/claims.ts';
import { volumeProtectionController } from './controllers/volume-protection/volumes.ts';

/** All controllers of kube-controller-manager. */
export const allControllers = (): Controller[] => [
  attributesClassProtectionController,
  bootstrapSignerController,
  claimProtectionController,
  clusterRoleAggregationController,
  csrApprovingController,
  csrCleanerController,
  csrSigningController,
  deploymentController,
  disruptionController(),
  endpointsController(),
  endpointSliceController(),
  endpointSliceMirroringController(),
  garbageCollectorController,
  legacyTokenCleaner,
  namespaceController,
  nodeIpamController,
  nodeLifecycleController,
  podGarbageCollectorController,
  replicaSetController,
  resourceQuotaController(),
  rootCaPublisher,
  serviceAccountController,
  serviceAccountTokenController,
  serviceCidrController(),
  servingApprovingController,
  taintEvictionController,
  tokenCleanerController,
  volumeProtectionController,
];
