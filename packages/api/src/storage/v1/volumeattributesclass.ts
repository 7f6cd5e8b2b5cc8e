import { age, text } from '../../columns.ts';
import type { VolumeAttributesClass } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { classNameColumn } from '../default-class.ts';
import { validateFixed, validateParameters, validateProvisioner } from './class-validation.ts';

/** Attributes of volumes that can change while they are in use (KEP-3751). */
export const volumeAttributesClass = defineKind<VolumeAttributesClass>('storage/v1', {
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
  validate: (it, at) => [
    ...validateProvisioner(it.driverName, at.child('driverName')),
    ...validateParameters(it.parameters, at.child('parameters'), false),
  ],
  validateUpdate: (it, old, at) => validateFixed(it, old, ['driverName', 'parameters'], at),
  columns: [
    classNameColumn(['volumeattributesclass.alpha.kubernetes.io/is-default-class']),
    text('DriverName', (it) => it.driverName, 'The driver that knows the attributes.'),
    age,
  ],
});
