import 'reflect-metadata';
import { Name } from '@peculiar/x509';
import { uidAttribute } from './uid-attribute.ts';

/** A subject of organizations, a common name and uids. Values are written as UTF-8 strings, whatever characters they hold. */
export function subjectName(
  commonName: string,
  organizations: readonly string[] = [],
  uids: readonly string[] = [],
): Name {
  return new Name([
    ...organizations.map((organization) => ({ O: [{ utf8String: organization }] })),
    ...(commonName === '' ? [] : [{ CN: [{ utf8String: commonName }] }]),
    ...uids.map((uid) => ({ [uidAttribute]: [{ utf8String: uid }] })),
  ]);
}

/** The user and groups a subject names: its last common name, as Go reads it, and all its organizations. */
export function readSubject(name: Name): { commonName: string; organizations: string[] } {
  return { commonName: name.getField('CN').at(-1) ?? '', organizations: name.getField('O') };
}
