import type { DeviceSubRequest, ResourceClaim } from '../generated/resource/v1.ts';
import { Quantity } from '../meta/quantity.ts';
import { type Amounts, addResources, maxResources } from '../meta/resources.ts';
import { one } from './counts.ts';
import type { Evaluator } from './evaluator.ts';

const counted = 'count/resourceclaims.resource.k8s.io';
const ofClass = '.deviceclass.resource.k8s.io/devices';
/** The most devices a claim can get, which is what one that asks for all of them is charged. */
const most = 32;

/** ResourceClaims count by themselves and by the devices of each class they may get (KEP-4840). */
export const resourceClaimEvaluator: Evaluator = {
  bounds: (name) => name === counted || name.endsWith(ofClass),
  usage(object) {
    const usage: Amounts = new Map([[counted, one]]);
    for (const { exactly, firstAvailable = [] } of (object as ResourceClaim).spec.devices?.requests ?? []) {
      // Of alternatives one is taken; for each class the worst of them counts.
      const worst: Amounts = new Map();
      for (const request of exactly ? [exactly] : firstAvailable) maxResources(worst, devices(request));
      addResources(usage, worst);
    }
    return usage;
  },
  charges: (operation, subresource) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
};

function devices({ deviceClassName, allocationMode, count = 0 }: Omit<DeviceSubRequest, 'name'>): Amounts {
  let number = 0;
  if (allocationMode === 'ExactCount') number = count;
  else if (allocationMode === 'All') number = most;
  return new Map([[deviceClassName + ofClass, Quantity.fromNumber(number)]]);
}
