import { encodeJson } from '@coracle/api/codec/json';
import type { AuditEvent } from '../event.ts';

/** Writes one line an event. Throws when that fails. */
export type LineWriter = (line: string) => void;

/** The formats of `--audit-log-format`. */
export const logFormats: Readonly<Record<string, (event: AuditEvent) => string>> = {
  json: (event) => `${encodeJson(event)}\n`,
  legacy: (event) => `${legacyLine(event)}\n`,
};

/** The log's form before there were objects: key="value" pairs. */
function legacyLine(event: AuditEvent): string {
  const { user, impersonatedUser: as } = event;
  const all = {
    id: event.auditID,
    stage: event.stage,
    ip: event.sourceIPs?.[0] ?? '<unknown>',
    method: event.verb,
    user: user.username || '<none>',
    groups: user.username && user.groups?.length ? quotedList(user.groups) : '<none>',
    as: as ? (as.username ?? '') : '<self>',
    asgroups: as?.groups ? quotedList(as.groups) : '<lookup>',
    'user-agent': event.userAgent ?? '',
    namespace: event.objectRef?.namespace || '<none>',
    uri: event.requestURI,
    response: event.responseStatus ? String(event.responseStatus.code ?? 0) : '<deferred>',
  };
  const pairs = Object.entries(all).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${event.requestReceivedTimestamp} AUDIT: ${pairs.join(' ')}`;
}

function quotedList(values: readonly string[]): string {
  return values.map((each) => JSON.stringify(each)).join(',');
}
