import { age, text } from '../../columns.ts';
import type { Endpoints } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';

/** The addresses behind a service, all in one object (superseded by EndpointSlice). */
export const endpoints = defineKind<Endpoints>('core/v1', {
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  allowCreateOnUpdate: true,
  defaults(it) {
    for (const subset of it.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  columns: [text('Endpoints', shown, 'Ready addresses with their ports.'), age],
});

function shown(it: Endpoints): string {
  const max = 3;
  const all: string[] = [];
  for (const subset of it.subsets ?? []) {
    const addresses = subset.addresses ?? [];
    if (!subset.ports?.length) all.push(...addresses.map((each) => each.ip));
    for (const port of subset.ports ?? []) all.push(...addresses.map((each) => hostPort(each.ip, port.port)));
  }
  if (all.length === 0) return '<none>';
  return all.length > max ? `${all.slice(0, max).join(',')} + ${all.length - max} more...` : all.join(',');
}

const hostPort = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);
