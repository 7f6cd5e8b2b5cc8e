import { storageClassOf } from '../core/v1/class-annotation.ts';
import type { PersistentVolumeClaim } from '../generated/core/v1.ts';
import { Quantity } from '../meta/quantity.ts';
import type { Amounts } from '../meta/resources.ts';
import { one } from './counts.ts';
import type { Evaluator } from './evaluator.ts';
import { selects } from './scopes.ts';

const own = ['persistentvolumeclaims', 'requests.storage'];
const ofClass = '.storageclass.storage.k8s.io/';

/** PersistentVolumeClaims count by themselves and by the storage they ask for, in all and for each storage class. */
export const claimEvaluator: Evaluator = {
  bounds: (name) =>
    name === 'count/persistentvolumeclaims' || own.some((each) => name === each || name.endsWith(ofClass + each)),
  usage(object) {
    const claim = object as PersistentVolumeClaim;
    const usage: Amounts = new Map([
      ['persistentvolumeclaims', one],
      ['count/persistentvolumeclaims', one],
    ]);
    const storage = storageOf(claim);
    if (storage) usage.set('requests.storage', storage);
    const storageClass = storageClassOf(claim);
    if (storageClass === '') return usage;
    for (const name of own) {
      const amount = usage.get(name);
      if (amount) usage.set(storageClass + ofClass + name, amount);
    }
    return usage;
  },
  inScope: (object, term) =>
    term.scopeName === 'VolumeAttributesClass' && selects(term, attributesClasses(object as PersistentVolumeClaim)),
  charges: (operation, subresource) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
};

/** In whole bytes; what an expansion that did not come to its end still holds counts. */
function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const text = spec.resources?.requests?.['storage'];
  if (text === undefined) return undefined;
  const asked = Quantity.parse(text);
  const held = Quantity.parse(status?.allocatedResources?.['storage'] ?? '0');
  const amount = held.cmp(asked) > 0 ? held : asked;
  const whole = Quantity.fromNumber(amount.value(), amount.format);
  return whole.equals(amount) ? amount : whole;
}

/** All classes that the volume's attributes are, or are on their way to. */
function attributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const named = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(named.filter((name) => name !== undefined && name !== ''))] as string[];
}
