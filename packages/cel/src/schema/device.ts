import { readType, types } from '../check/type.ts';
import type { Environment } from '../compile.ts';
import { type DeclaredType, declaredMap, declaredObject, plainType } from './declared-type.ts';

/** How many attributes and capacities a device can have, and as many domains. */
const mostEntries = 32;
const longestDriver = 63;
const longestAttribute = 64;

const attributes: DeclaredType = {
  ...declaredMap(plainType(types.dyn, 1, longestAttribute), mostEntries),
  isUniform: true,
};
const capacities = declaredMap(plainType(readType('kubernetes.Quantity')), mostEntries);

const fields: Readonly<Record<string, DeclaredType>> = {
  driver: plainType(types.string, 2, longestDriver),
  attributes: declaredMap(attributes, mostEntries),
  capacity: declaredMap(capacities, mostEntries),
  allowMultipleAllocations: plainType(types.bool, 4),
};

/**
 * What selectors of devices can name: `device`, with its driver's name, and its attributes and capacities by domain and name
 * (https://kubernetes.io/docs/reference/kubernetes-api/, CELDeviceSelector).
 */
export const deviceEnvironment: Environment = {
  variables: {
    device: declaredObject(
      'kubernetes.DRADevice',
      () => new Map(Object.entries(fields).map(([name, declared]) => [name, { name, declared }])),
    ),
  },
  bindings: true,
};
