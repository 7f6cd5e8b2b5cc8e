import type { Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { isPodWrite, refused } from './refusal.ts';

/** RuntimeClass: pods may name only classes that exist; while the kind is not served, none does. */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  validate(attributes) {
    if (!isPodWrite(attributes, 'CREATE')) return;
    const { runtimeClassName } = (attributes.object as Pod).spec;
    if (!runtimeClassName) return;
    throw refused(attributes, `pod rejected: RuntimeClass "${runtimeClassName}" not found`);
  },
};
