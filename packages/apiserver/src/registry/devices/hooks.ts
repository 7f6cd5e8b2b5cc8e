import { type FieldError, Path } from '@coracle/api/meta/field-path';
import { withoutDeallocated } from '@coracle/api/resource/v1/claim-status';
import type {
  DeviceClass,
  DeviceSelector,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
} from '@coracle/api/types/resource/v1';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import type { HookTable, ResourceHooks } from '../strategy.ts';
import { adminAccessErrors, allocatedAdminAccessErrors } from './admin-access.ts';
import { statusPermissionErrors } from './status-permission.ts';

/** Selectors of devices, and where they stand. */
export type PlacedSelectors = readonly (readonly [readonly DeviceSelector[], Path])[];

const spec = new Path('spec');

/** What is special about writing claims for devices, and classes of them. */
export function deviceHooks(authorizer: () => Authorizer): HookTable {
  const claims: ResourceHooks<ResourceClaim> = {
    beforeUpdate(it, old, { subresource }) {
      if (subresource !== 'status' || !it.status?.devices) return undefined;
      const left = withoutDeallocated(it.status.devices, it, old);
      if (left.length > 0) it.status.devices = left;
      else delete it.status.devices;
      return undefined;
    },
    beforehand: (it, old) => (old ? [] : claimErrors(it.spec, spec)),
    refusals: (it, old, { subresource, objects }) =>
      old
        ? subresource === 'status'
          ? allocatedAdminAccessErrors(it, old, objects)
          : []
        : adminAccessErrors(it.spec, it.metadata.namespace ?? '', objects),
    errors(it, old, context) {
      const { subresource, verb } = context;
      if (!old || subresource !== 'status' || verb === undefined) return [];
      return statusPermissionErrors(it, old, context, verb, authorizer());
    },
  };
  const templates: ResourceHooks<ResourceClaimTemplate> = {
    beforehand: (it, old) => (old ? [] : claimErrors(it.spec.spec, spec.child('spec'))),
    refusals: (it, old, { objects }) =>
      old ? [] : adminAccessErrors(it.spec.spec, it.metadata.namespace ?? '', objects),
  };
  const classes: ResourceHooks<DeviceClass> = {
    beforehand: (it) => selectorErrors([[it.spec.selectors ?? [], spec.child('selectors')]]),
  };
  return {
    'deviceclasses.resource.k8s.io': classes,
    'resourceclaims.resource.k8s.io': claims,
    'resourceclaimtemplates.resource.k8s.io': templates,
  } as HookTable;
}

/** What a claim asks for is fixed once it is made, and so is checked then. */
function claimErrors(wish: ResourceClaimSpec, at: Path): Promise<FieldError[]> {
  const requests = at.child('devices').child('requests');
  const placed: PlacedSelectors[number][] = [];
  for (const [i, { exactly, firstAvailable = [] }] of (wish.devices?.requests ?? []).entries()) {
    if (exactly?.selectors) placed.push([exactly.selectors, requests.index(i).child('exactly').child('selectors')]);
    for (const [j, { selectors }] of firstAvailable.entries()) {
      if (selectors) placed.push([selectors, requests.index(i).child('firstAvailable').index(j).child('selectors')]);
    }
  }
  return selectorErrors(placed);
}

/** The language of expressions is loaded where there is one. */
async function selectorErrors(placed: PlacedSelectors): Promise<FieldError[]> {
  if (placed.every(([selectors]) => selectors.length === 0)) return [];
  return (await import('./selectors.ts')).expressionErrors(placed);
}
