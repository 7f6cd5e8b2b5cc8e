import { age, text } from '../../columns.ts';
import type { DeviceAttribute, ResourceSlice } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import { now } from '../../meta/time.ts';
import { validateSliceSpec } from './slice-spec.ts';

/** Devices of a pool that a driver offers, on one node or on several (https://kep.k8s.io/4381). */
export const resourceSlice = defineKind<ResourceSlice>('resource/v1', {
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  hasGeneration: true,
  defaults(it) {
    const time = now();
    for (const { taints = [] } of it.spec?.devices ?? []) for (const taint of taints) taint.timeAdded ??= time;
  },
  prepareForCreate: (it) => dropDisabled(it),
  prepareForUpdate(it, old) {
    if (!usesDisabled(old)) dropDisabled(it);
  },
  validateCreate: ({ spec }, at) => validateSliceSpec(spec, undefined, at.child('spec')),
  validateUpdate: ({ spec }, old, at) => validateSliceSpec(spec, old.spec, at.child('spec')),
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.driver': ({ spec }) => spec.driver,
  },
  unselectable: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
  columns: [
    text('Node', ({ spec }) => spec.nodeName ?? '', 'The node whose devices these are, where they are of one.'),
    text('Driver', ({ spec }) => spec.driver, 'The driver that offers them.'),
    text('Pool', ({ spec }) => spec.pool.name, 'The pool they are part of.'),
    age,
  ],
});

const lists = ['ints', 'bools', 'strings', 'versions'] as const;

const isList = (attribute: DeviceAttribute): boolean => lists.some((field) => attribute[field] !== undefined);

/** Fields of features that v1.36 has off by default: attributes that are lists, and what stands for resources of nodes. */
function usesDisabled({ spec }: ResourceSlice): boolean {
  return (spec?.devices ?? []).some(
    ({ attributes = {}, nodeAllocatableResourceMappings }) =>
      nodeAllocatableResourceMappings !== undefined || Object.values(attributes).some(isList),
  );
}

function dropDisabled({ spec }: ResourceSlice): void {
  for (const device of spec?.devices ?? []) {
    delete device.nodeAllocatableResourceMappings;
    for (const attribute of Object.values(device.attributes ?? {})) for (const field of lists) delete attribute[field];
  }
}
