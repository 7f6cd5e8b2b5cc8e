import { age, text } from '../../columns.ts';
import type { EndpointSlice } from '../../generated/discovery/v1.ts';
import { defineKind } from '../../kind.ts';
import { addressWarnings } from '../../meta/address-warnings.ts';
import { deepEqual } from '../../meta/object.ts';
import { validateEndpointSlice } from './endpointslice-validation.ts';

/** Who writes addresses in their one form, and is not looked after. */
const controllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

/** Part of the addresses behind a service. */
export const endpointSlice = defineKind<EndpointSlice>('discovery/v1', {
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  hasGeneration: true,
  defaults(it) {
    for (const port of it.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  prepareForCreate: dropTopology,
  prepareForUpdate(it, old) {
    dropTopology(it);
    // Labels are wishes too: they say whose the slice is. What else has changed is counted with them.
    const { labels = {}, generation = 0 } = old.metadata;
    if (!deepEqual(it.metadata.labels ?? {}, labels)) it.metadata.generation = generation + 1;
  },
  validate: validateEndpointSlice,
  immutable: ['addressType'],
  warnings({ metadata, addressType, endpoints = [] }, old) {
    const named = !old && addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : [];
    if (controllers.includes(metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '')) return named;
    const addresses = endpoints.flatMap(({ addresses = [] }, i) =>
      addresses.flatMap((each, j) => addressWarnings(each, `endpoints[${i}].addresses[${j}]`)),
    );
    return [...named, ...addresses];
  },
  columns: [
    text('AddressType', (it) => it.addressType, 'Kind of the addresses.'),
    text(
      'Ports',
      (it) =>
        shownList(
          (it.ports ?? []).map((each) => (each.port === undefined ? '*' : String(each.port))),
          '<unset>',
        ),
      'Ports.',
    ),
    text(
      'Endpoints',
      (it) =>
        shownList(
          (it.endpoints ?? []).flatMap((each) => each.addresses),
          '<unset>',
        ),
      'Addresses.',
    ),
    age,
  ],
});

/** What v1beta1 had for where an endpoint is, and v1 only shows. */
function dropTopology({ endpoints }: EndpointSlice): void {
  for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology;
}

function shownList(all: string[], none: string): string {
  const max = 3;
  if (all.length === 0) return none;
  return all.length > max ? `${all.slice(0, max).join(',')} + ${all.length - max} more...` : all.join(',');
}
