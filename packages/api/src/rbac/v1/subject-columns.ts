import { text } from '../../columns.ts';
import type { Subject } from '../../generated/rbac/v1.ts';

const named = (subjects: Subject[] | undefined, kind: string) => (subjects ?? []).filter((each) => each.kind === kind);

/** Users, groups and service accounts of a binding. */
export const subjectColumns = [
  text<{ subjects?: Subject[] }>(
    'Users',
    (it) =>
      named(it.subjects, 'User')
        .map((each) => each.name)
        .join(', '),
    'Users it binds.',
  ),
  text<{ subjects?: Subject[] }>(
    'Groups',
    (it) =>
      named(it.subjects, 'Group')
        .map((each) => each.name)
        .join(', '),
    'Groups it binds.',
  ),
  text<{ subjects?: Subject[] }>(
    'ServiceAccounts',
    (it) =>
      named(it.subjects, 'ServiceAccount')
        .map((each) => `${each.namespace ?? ''}/${each.name}`)
        .join(', '),
    'Service accounts it binds.',
  ),
];
