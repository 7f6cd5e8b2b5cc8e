import { age, text, wide } from '../../columns.ts';
import type { RoleRef, Subject } from '../../generated/rbac/v1.ts';

/** A column, where there is room, of the subjects of one kind. */
const subjects = (kind: string, column: string, shown: (subject: Subject) => string, about: string) =>
  wide(
    text<{ subjects?: Subject[] }>(
      column,
      (it) =>
        (it.subjects ?? [])
          .filter((each) => each.kind === kind)
          .map(shown)
          .join(', '),
      about,
    ),
  );

/** What bindings of both kinds show: the role and whom they bind to it. */
export const bindingColumns = [
  text<{ roleRef: RoleRef }>('Role', (it) => `${it.roleRef.kind}/${it.roleRef.name}`, 'The role it grants.'),
  age,
  subjects('User', 'Users', ({ name }) => name, 'Users it binds.'),
  subjects('Group', 'Groups', ({ name }) => name, 'Groups it binds.'),
  subjects(
    'ServiceAccount',
    'ServiceAccounts',
    ({ namespace, name }) => `${namespace ?? ''}/${name}`,
    'Service accounts it binds.',
  ),
];
