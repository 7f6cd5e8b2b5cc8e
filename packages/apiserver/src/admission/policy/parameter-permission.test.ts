import { mutatingAdmissionPolicyBinding } from '@coracle/api/admissionregistration/v1/mutatingadmissionpolicybinding';
import { validatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicy';
import { validatingAdmissionPolicyBinding } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicybinding';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import type { ParamKind, ParamRef, ValidatingAdmissionPolicy } from '@coracle/api/types/admissionregistration/v1';
import type { PolicyRule } from '@coracle/api/types/rbac/v1';
import type { Client } from '@coracle/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refusal } from '../../testing/expectations.ts';
import { type SecureServer, startSecureServer } from '../../testing/secure-server.ts';

let server: SecureServer;
const writes: PolicyRule = { verbs: ['*'], apiGroups: ['admissionregistration.k8s.io'], resources: ['*'] };

/** A user who may write policies, and what else the rules say. */
async function author(name: string, ...rules: PolicyRule[]): Promise<Client> {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  await server.admin.create(clusterRole, { metadata: { name }, rules: [writes, ...rules] });
  await server.admin.create(clusterRoleBinding, { metadata: { name }, roleRef, subjects: [{ kind: 'User', name }] });
  return server.as(name);
}

let blind: Client;
let reader: Client;
beforeAll(async () => {
  server = await startSecureServer();
  blind = await author('blind');
  reader = await author('reader', { verbs: ['get', 'list'], apiGroups: [''], resources: ['secrets'] });
});
afterAll(() => server.close());

const secrets: ParamKind = { apiVersion: 'v1', kind: 'Secret' };
const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
const policy = (name: string, paramKind?: ParamKind): ValidatingAdmissionPolicy => ({
  metadata: { name },
  spec: {
    ...(paramKind ? { paramKind } : {}),
    matchConstraints: { resourceRules },
    validations: [{ expression: 'true' }],
  },
});
const binding = (name: string, policyName: string, paramRef?: ParamRef) => ({
  metadata: { name },
  spec: { policyName, validationActions: ['Deny'], ...(paramRef ? { paramRef } : {}) },
});
const key: ParamRef = { name: 'key', namespace: 'default', parameterNotFoundAction: 'Deny' };

describe('who may write a policy', () => {
  it('must be able to read all parameters it has', async () => {
    expect(await refusal(blind.create(validatingAdmissionPolicy, policy('plain')))).toBe('');
    const refused = await refusal(blind.create(validatingAdmissionPolicy, policy('keys', secrets)));
    expect(refused).toMatch(
      /^422 .* is invalid: spec.paramKind: Forbidden: user &\{blind .*\} must have "get" permission on all objects of the referenced paramKind \(kind=Secret, apiVersion=v1\)$/,
    );
    expect(await refusal(reader.create(validatingAdmissionPolicy, policy('keys', secrets)))).toBe('');
  });

  it('of parameters of an unknown kind must be able to read all of its group', async () => {
    const unknown = { apiVersion: 'example.com/v1', kind: 'Limit' };
    expect(await refusal(reader.create(validatingAdmissionPolicy, policy('limits', unknown)))).toContain('kind=Limit');
    expect(await refusal(server.admin.create(validatingAdmissionPolicy, policy('limits', unknown)))).toBe('');
  });

  it('is not asked about what stays', async () => {
    await server.admin.create(validatingAdmissionPolicy, policy('kept', secrets));
    const kept = await blind.get(validatingAdmissionPolicy, 'kept');
    kept.spec.failurePolicy = 'Ignore';
    expect(await refusal(blind.update(validatingAdmissionPolicy, kept))).toBe('');
    const changed = await blind.get(validatingAdmissionPolicy, 'plain');
    changed.spec.paramKind = secrets;
    expect(await refusal(blind.update(validatingAdmissionPolicy, changed))).toContain('spec.paramKind: Forbidden');
  });
});

describe('who may write a binding', () => {
  beforeAll(() => server.admin.create(validatingAdmissionPolicy, policy('bound', secrets)));

  it('must be able to read what it gives its policy', async () => {
    const make = (client: Client, name: string, ref?: ParamRef) =>
      refusal(client.create(validatingAdmissionPolicyBinding, binding(name, 'bound', ref)));
    expect(await make(blind, 'none')).toBe('');
    expect(await make(blind, 'one', key)).toMatch(
      /spec.paramRef: Forbidden: user &\{blind .*\} does not have "get" permission on the object referenced by paramRef$/,
    );
    expect(await make(blind, 'many', { selector: {}, parameterNotFoundAction: 'Deny' })).toContain('"list" permission');
    expect(await make(reader, 'one', key)).toBe('');
    const one = await blind.get(validatingAdmissionPolicyBinding, 'one');
    one.spec.validationActions = ['Warn'];
    expect(await refusal(blind.update(validatingAdmissionPolicyBinding, one))).toBe('');
  });

  it('to a policy that is not there must be able to read everything', async () => {
    const made = reader.create(mutatingAdmissionPolicyBinding, {
      metadata: { name: 'early' },
      spec: { policyName: 'later', paramRef: key },
    });
    expect(await refusal(made)).toMatch(
      /unable to get policy later to determine minimum required permissions and user &\{reader .*\} does not have "get" permission for all groups, versions and resources$/,
    );
  });
});
