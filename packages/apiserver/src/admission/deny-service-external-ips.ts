import type { Service } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { isCore, refused } from './refusal.ts';

/** DenyServiceExternalIPs: no Service takes another external address (CVE-2020-8554); those they have may stay and go. */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  validate(attributes) {
    const { operation, subresource, object, oldObject } = attributes;
    if (!isCore(attributes, 'services') || subresource !== '') return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    const had = (oldObject as Service | undefined)?.spec?.externalIPs ?? [];
    if (((object as Service).spec?.externalIPs ?? []).every((ip) => had.includes(ip))) return;
    throw refused(attributes, 'Use of external IPs is denied by admission control');
  },
};
