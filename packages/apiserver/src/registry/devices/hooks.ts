import type { KubeObject } from '@coracle/api/kind';
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
import type { HookTable, ResourceHooks, WriteContext } from '../strategy.ts';
import { adminAccessErrors } from './admin-access.ts';
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
    errors(it, old, context) {
      const { subresource, verb } = context;
      if (!old) return claimErrors(it, it.spec, spec, context);
      if (subresource !== 'status' || verb === undefined) return [];
      return statusPermissionErrors(it, old, context, verb, authorizer());
    },
  };
  const templates: ResourceHooks<ResourceClaimTemplate> = {
    errors: (it, old, context) => (old ? [] : claimErrors(it, it.spec.spec, spec.child('spec'), context)),
  };
  const classes: ResourceHooks<DeviceClass> = {
    errors: (it) => selectorErrors([[it.spec.selectors ?? [], spec.child('selectors')]]),
  };
  return {
    'deviceclasses.resource.k8s.io': classes,
    'resourceclaims.resource.k8s.io': claims,
    'resourceclaimtemplates.resource.k8s.io': templates,
  } as HookTable;
}

/** What a claim asks for is fixed once it is made, and so is checked then. */
async function claimErrors(
  { metadata }: KubeObject,
  wish: ResourceClaimSpec,
  at: Path,
  { objects }: WriteContext,
): Promise<FieldError[]> {
  const requests = at.child('devices').child('requests');
  const placed: PlacedSelectors[number][] = [];
  for (const [i, { exactly, firstAvailable = [] }] of (wish.devices?.requests ?? []).entries()) {
    if (exactly?.selectors) placed.push([exactly.selectors, requests.index(i).child('exactly').child('selectors')]);
    for (const [j, { selectors }] of firstAvailable.entries()) {
      if (selectors) placed.push([selectors, requests.index(i).child('firstAvailable').index(j).child('selectors')]);
    }
  }
  return [
    ...(await selectorErrors(placed)),
    ...(await adminAccessErrors(wish, metadata.namespace ?? '', requests, objects)),
  ];
}

/** The language of expressions is loaded where there is one. */
async function selectorErrors(placed: PlacedSelectors): Promise<FieldError[]> {
  if (placed.every(([selectors]) => selectors.length === 0)) return [];
  return (await import('./selectors.ts')).expressionErrors(placed);
}
