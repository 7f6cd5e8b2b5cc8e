import { age } from '../../columns.ts';
import type { DeviceClass } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import { invalid } from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { validateSelectors } from './device-selector.ts';
import { validateList } from './lists.ts';
import { validateConfiguration } from './opaque-configuration.ts';

const mostConfigurations = 32;

/** Devices of one sort, as an administrator offers them to claims (https://kep.k8s.io/4381). */
export const deviceClass = defineKind<DeviceClass>('resource/v1', {
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  hasGeneration: true,
  defaults(it) {
    it.spec ??= {};
  },
  validate({ spec }, root) {
    const at = root.child('spec');
    const { selectors, config, extendedResourceName } = spec;
    const errors = [
      ...validateSelectors(selectors, at.child('selectors')),
      ...validateList(config, mostConfigurations, at.child('config'), validateConfiguration),
    ];
    if (extendedResourceName !== undefined && !isExtendedResourceName(extendedResourceName)) {
      const path = at.child('extendedResourceName');
      errors.push(invalid(path, extendedResourceName, 'must be a valid extended resource name'));
    }
    return errors;
  },
  columns: [age],
});

/** Whether it is a resource that nodes offer beyond Kubernetes' own: `example.com/gpu`. */
export function isExtendedResourceName(name: string): boolean {
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  return !isNative && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
}
