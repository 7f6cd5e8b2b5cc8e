import type { AdmissionPlugin } from './plugin.ts';
import { namespaceOf } from './policy/namespace.ts';

/** NamespaceExists: nothing is written in a namespace that does not exist. Of the NamespaceLifecycle, which is on by default, this is a part. */
export const namespaceExists: AdmissionPlugin = {
  name: 'NamespaceExists',
  async validate(attributes) {
    if (attributes.operation !== 'CONNECT') await namespaceOf(attributes);
  },
};
