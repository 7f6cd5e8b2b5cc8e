import { age } from '../../columns.ts';
import type { DeviceClass, DeviceClassConfiguration, DeviceSelector } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, invalid, type Path, required, tooLong, tooMany } from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { validateOpaqueConfiguration } from './opaque-configuration.ts';

const mostEntries = 32;
const longestExpression = 10 * 1024;

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
    const { selectors = [], config = [], extendedResourceName } = spec;
    const errors = atMost(selectors, at.child('selectors'));
    for (const [i, each] of selectors.entries()) errors.push(...validateSelector(each, at.child('selectors').index(i)));
    errors.push(...atMost(config, at.child('config')));
    for (const [i, each] of config.entries()) errors.push(...validateConfig(each, at.child('config').index(i)));
    if (extendedResourceName !== undefined && !isExtendedResourceName(extendedResourceName)) {
      const path = at.child('extendedResourceName');
      errors.push(invalid(path, extendedResourceName, 'must be a valid extended resource name'));
    }
    return errors;
  },
  columns: [age],
});

function atMost(list: readonly unknown[], at: Path): FieldError[] {
  return list.length > mostEntries ? [tooMany(at, list.length, mostEntries)] : [];
}

/** The expression itself is read by who allocates devices; here it only has to fit. */
function validateSelector({ cel }: DeviceSelector, at: Path): FieldError[] {
  if (!cel) return [required(at.child('cel'))];
  const path = at.child('cel').child('expression');
  const { expression = '' } = cel;
  if (expression === '') return [required(path)];
  return Buffer.byteLength(expression) > longestExpression ? [tooLong(path, longestExpression)] : [];
}

function validateConfig({ opaque }: DeviceClassConfiguration, at: Path): FieldError[] {
  const path = at.child('opaque');
  return opaque ? validateOpaqueConfiguration(opaque, path) : [required(path)];
}

/** Whether it is a resource that nodes offer beyond Kubernetes' own: `example.com/gpu`. */
export function isExtendedResourceName(name: string): boolean {
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  return !isNative && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
}
