import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { AdmissionPlugin } from './plugin.ts';
import { isCore } from './refusal.ts';

/** NamespaceAutoProvision: a namespace comes into being with the first thing that is created in it. */
export const namespaceAutoProvision: AdmissionPlugin = {
  name: 'NamespaceAutoProvision',
  async mutate(attributes) {
    const { operation, namespace, objects, dryRun } = attributes;
    if (operation !== 'CREATE' || namespace === '' || dryRun || isCore(attributes, 'namespaces')) return;
    if (await objects.lookUp(namespaceKind, namespace)) return;
    try {
      await objects.create(namespaceKind, { metadata: { name: namespace }, spec: {} });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  },
};
