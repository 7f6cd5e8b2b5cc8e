import { goText } from '@coracle/api/codec/go-text';
import type { AnyKind } from '@coracle/api/kind';
import { type FieldError, forbidden, Path } from '@coracle/api/meta/field-path';
import { deepEqual } from '@coracle/api/meta/object';
import type { Scheme } from '@coracle/api/scheme';
import type { ParamKind, ParamRef } from '@coracle/api/types/admissionregistration/v1';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import { mastersGroup, type User } from '../../chain/user.ts';

/** Who is asked whether somebody may read parameters, and which kinds these can be of. */
export interface PermissionSurroundings {
  readonly authorizer: Authorizer;
  readonly kinds: Scheme;
}

/** The part of a policy that says what its parameters are. */
export interface WithParamKind {
  readonly spec: { readonly paramKind?: ParamKind };
}

/** The part of a binding that says which parameters its policy gets. */
export interface WithParamRef {
  readonly spec: { readonly policyName?: string; readonly paramRef?: ParamRef };
}

/**
 * A policy shows what is in its parameters to whoever it refuses: only who may read all objects of a kind may write a policy with parameters of
 * it (KEP-3488). What stays as it was is not asked about again.
 */
export async function paramKindErrors(
  { spec: { paramKind } }: WithParamKind,
  old: WithParamKind | undefined,
  user: User,
  around: PermissionSurroundings,
): Promise<FieldError[]> {
  if (!paramKind || deepEqual(paramKind, old?.spec.paramKind) || isMaster(user)) return [];
  const place = { name: '*', namespace: '*', verb: 'get', subresource: '' };
  const { attributes } = resourceOf(paramKind, around.kinds);
  if ((await around.authorizer.authorize({ user, ...attributes, ...place })).decision === 'allow') return [];
  const { kind = '', apiVersion = '' } = paramKind;
  const detail = `user ${shown(user)} must have "get" permission on all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`;
  return [forbidden(new Path('spec').child('paramKind'), detail)];
}

/** As `paramKindErrors`, of a binding: who writes it may read what it names. `policy`: that of the name it has, if there is one. */
export async function paramRefErrors(
  { spec: { paramRef, policyName = '' } }: WithParamRef,
  old: WithParamRef | undefined,
  policy: WithParamKind | undefined,
  user: User,
  around: PermissionSurroundings,
): Promise<FieldError[]> {
  const stays = deepEqual(paramRef, old?.spec.paramRef) && policyName === old?.spec.policyName;
  if (!paramRef || stays || isMaster(user)) return [];
  const { name = '', namespace = '' } = paramRef;
  const verb = name === '' ? 'list' : 'get';
  const paramKind = policy?.spec.paramKind;
  const { attributes, problem } = resourceOf(paramKind, around.kinds);
  const question = { user, ...attributes, name, namespace, verb, subresource: '' };
  if ((await around.authorizer.authorize(question)).decision === 'allow') return [];
  const unknown = policy ? problem && `${problem} paramKind ${goStruct(paramKind)}` : `get policy ${policyName}`;
  const detail = unknown
    ? `unable to ${unknown} to determine minimum required permissions and user ${shown(user)} does not have "${verb}" permission for all groups, versions and resources`
    : `user ${shown(user)} does not have "${verb}" permission on the object referenced by paramRef`;
  return [forbidden(new Path('spec').child('paramRef'), detail)];
}

/** The resource behind a kind of parameters; as much of it as is not known stands for all. */
function resourceOf(paramKind: ParamKind | undefined, kinds: Scheme) {
  const all = { group: '*', version: '*', resource: '*' };
  if (!paramKind) return { attributes: all };
  const parts = (paramKind.apiVersion ?? '').split('/');
  if (parts.length > 2) return { attributes: all, problem: 'parse' };
  const [version = '', group = ''] = parts.reverse();
  const found: AnyKind | undefined = kinds.kind(paramKind.apiVersion ?? '', paramKind.kind ?? '');
  if (!found) return { attributes: { ...all, group, version }, problem: 'resolve' };
  return { attributes: { group, version, resource: found.plural } };
}

const isMaster = ({ groups }: User): boolean => groups.includes(mastersGroup);

/** A user as Go prints one. */
function shown({ name, uid = '', groups, extra = {} }: User): string {
  return `&{${name} ${uid} [${groups.join(' ')}] ${goText(extra)}}`;
}

const goStruct = (kind: ParamKind | undefined): string => `&{${kind?.apiVersion ?? ''} ${kind?.kind ?? ''}}`;
