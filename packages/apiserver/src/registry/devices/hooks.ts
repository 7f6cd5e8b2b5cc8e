import type { Kind, KubeObject } from '@coracle/api/kind';
import { type FieldError, Path } from '@coracle/api/meta/field-path';
import { invalidObject } from '@coracle/api/meta/status';
import { deviceClass } from '@coracle/api/resource/v1/deviceclass';
import { resourceClaim } from '@coracle/api/resource/v1/resourceclaim';
import { resourceClaimTemplate } from '@coracle/api/resource/v1/resourceclaimtemplate';
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
    async beforeCreate(it, context) {
      await checkClaim(resourceClaim, it, it.spec, spec, context);
      return undefined;
    },
    async beforeUpdate(it, old, context) {
      if (context.subresource !== 'status' || context.verb === undefined) return undefined;
      refuse(resourceClaim, it, await statusPermissionErrors(it, old, context, context.verb, authorizer()));
      return undefined;
    },
  };
  const templates: ResourceHooks<ResourceClaimTemplate> = {
    async beforeCreate(it, context) {
      await checkClaim(resourceClaimTemplate, it, it.spec.spec, spec.child('spec'), context);
      return undefined;
    },
  };
  const checkClass = async (it: DeviceClass): Promise<undefined> => {
    refuse(deviceClass, it, await selectorErrors([[it.spec.selectors ?? [], spec.child('selectors')]]));
  };
  const classes: ResourceHooks<DeviceClass> = { beforeCreate: checkClass, beforeUpdate: checkClass };
  return {
    'deviceclasses.resource.k8s.io': classes,
    'resourceclaims.resource.k8s.io': claims,
    'resourceclaimtemplates.resource.k8s.io': templates,
  } as HookTable;
}

/** What a claim asks for is fixed once it is made, and so is checked then. */
async function checkClaim<T extends KubeObject>(
  kind: Kind<T>,
  it: T,
  wish: ResourceClaimSpec,
  at: Path,
  { objects }: WriteContext,
): Promise<void> {
  const requests = at.child('devices').child('requests');
  const selectors = (wish.devices?.requests ?? []).flatMap(({ exactly, firstAvailable = [] }, i) => {
    const path = requests.index(i);
    const alternatives = firstAvailable.map(
      (each, j) => [each.selectors ?? [], path.child('firstAvailable').index(j).child('selectors')] as const,
    );
    return [[exactly?.selectors ?? [], path.child('exactly').child('selectors')] as const, ...alternatives];
  });
  const namespace = it.metadata.namespace ?? '';
  refuse(kind, it, [
    ...(await selectorErrors(selectors)),
    ...(await adminAccessErrors(wish, namespace, requests, objects)),
  ]);
}

/** The language of expressions is loaded where there is one. */
async function selectorErrors(placed: PlacedSelectors): Promise<FieldError[]> {
  if (placed.every(([selectors]) => selectors.length === 0)) return [];
  return (await import('./selectors.ts')).expressionErrors(placed);
}

/** Refuses an object with all that is wrong with it. */
function refuse<T extends KubeObject>(kind: Kind<T>, it: T, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const others = kind.validate?.(it, new Path()) ?? [];
  throw invalidObject(kind, it.metadata.name ?? '', [...others, ...errors]);
}
