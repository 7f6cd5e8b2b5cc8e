import { age, text } from '../../columns.ts';
import type { EndpointSlice } from '../../generated/discovery/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateEndpointSlice } from './endpointslice-validation.ts';

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
  validate: validateEndpointSlice,
  immutable: ['addressType'],
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

function shownList(all: string[], none: string): string {
  const max = 3;
  if (all.length === 0) return none;
  return all.length > max ? `${all.slice(0, max).join(',')} + ${all.length - max} more...` : all.join(',');
}
