import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { type Flag, stringFlag, stringsFlag } from '../../cli/flags.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createGenerated, generatorFlags, manifestNamespace, nameArgument } from './generator.ts';

const rbac = 'rbac.authorization.k8s.io';

const subjectFlags: readonly Flag[] = [
  stringFlag('clusterrole', '', 'Cluster role to bind'),
  stringsFlag('group', [], 'Group to bind it to; may be repeated'),
  stringsFlag('serviceaccount', [], 'Service account to bind it to, NAMESPACE:NAME; may be repeated'),
  stringsFlag('user', [], 'User to bind it to; may be repeated'),
];

export const roleBinding: Command = {
  name: 'rolebinding',
  short: 'Create a role binding',
  usage:
    'create rolebinding NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]',
  flags: [...generatorFlags, ...subjectFlags, stringFlag('role', '', 'Role to bind')],
  async run(call) {
    const { flags } = call;
    const name = nameArgument(call);
    const role = flags.string('role');
    const clusterRole = flags.string('clusterrole');
    if ((role === '') === (clusterRole === ''))
      throw new CommandFailure('exactly one of clusterrole or role must be specified');
    const manifest = {
      kind: 'RoleBinding',
      apiVersion: `${rbac}/v1`,
      metadata: { name, ...manifestNamespace(call), creationTimestamp: null },
      subjects: subjects(call),
      roleRef: { apiGroup: rbac, kind: role === '' ? 'ClusterRole' : 'Role', name: role || clusterRole },
    } as unknown as AnyObject;
    await createGenerated(call, manifest, { group: rbac, namespaced: true, failure: 'failed to create rolebinding:' });
  },
};

export const clusterRoleBinding: Command = {
  name: 'clusterrolebinding',
  short: 'Create a cluster role binding',
  usage:
    'create clusterrolebinding NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]',
  flags: [
    ...generatorFlags,
    ...subjectFlags.map((flag) => (flag.name === 'clusterrole' ? { ...flag, required: true } : flag)),
  ],
  async run(call) {
    const name = nameArgument(call);
    const manifest = {
      kind: 'ClusterRoleBinding',
      apiVersion: `${rbac}/v1`,
      metadata: { name, creationTimestamp: null },
      subjects: subjects(call),
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: call.flags.string('clusterrole') },
    } as unknown as AnyObject;
    await createGenerated(call, manifest, {
      group: rbac,
      namespaced: false,
      failure: 'failed to create clusterrolebinding:',
    });
  },
};

function subjects({ flags }: Call): unknown[] | undefined {
  const found = [
    ...flags.strings('user').map((name) => ({ kind: 'User', apiGroup: rbac, name })),
    ...flags.strings('group').map((name) => ({ kind: 'Group', apiGroup: rbac, name })),
    ...flags.strings('serviceaccount').map((spec) => {
      const parts = spec.split(':');
      if (parts.length !== 2 || parts[0] === '' || parts[1] === '') {
        throw new CommandFailure('serviceaccount must be <namespace>:<name>');
      }
      return { kind: 'ServiceAccount', name: parts[1]!, namespace: parts[0]! };
    }),
  ];
  return found.length > 0 ? found : undefined;
}
