import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { refused } from './refusal.ts';

/** AlwaysAdmit: lets everything through, as if it were not there. Deprecated upstream. */
export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit' };

/** AlwaysDeny: refuses everything. Deprecated upstream; of use for tests. */
export const alwaysDenyEverything: AdmissionPlugin = { name: 'AlwaysDeny', mutate: deny, validate: deny };

function deny(attributes: Attributes): void {
  throw refused(attributes, 'admission control is denying all modifications');
}
