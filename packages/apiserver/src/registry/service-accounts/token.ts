import { randomUUID } from 'node:crypto';
import { tokenRequest as tokenRequestKind } from '@coracle/api/authentication/v1/tokenrequest';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { serviceAccount as serviceAccountKind } from '@coracle/api/core/v1/serviceaccount';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { type FieldError, invalid, Path } from '@coracle/api/meta/field-path';
import { badRequest, conflict, invalidObject, notFoundError } from '@coracle/api/meta/status';
import { formatTime } from '@coracle/api/meta/time';
import type { BoundObjectReference, TokenRequest } from '@coracle/api/types/authentication/v1';
import type { Pod, ServiceAccount } from '@coracle/api/types/core/v1';
import {
  claimsOf,
  extendedExpiration,
  type NodeRef,
  type Ref,
  warnOnlyExpiration,
} from '../../chain/authentication/service-account/claims.ts';
import type { TokenIssuer } from '../../chain/authentication/service-account/issuer.ts';
import type { ObjectAccess } from '../access.ts';
import { placeInNamespace } from '../place.ts';
import type { Subresource, SubresourceCall } from '../strategy.ts';

/** How tokens are issued. */
export interface TokenOptions {
  readonly issuer: TokenIssuer;
  /** Audiences of tokens whose author names none. */
  readonly apiAudiences: readonly string[];
  /** `--service-account-max-token-expiration` in seconds; 0 for no limit. */
  readonly maxExpirationSeconds: number;
  /** `--service-account-extend-token-expiration`. */
  readonly extendExpiration: boolean;
}

const minExpiration = 10 * 60;
const maxExpiration = 2 ** 32;

/** POST of `serviceaccounts/token`: a token for the account, bound to a pod, secret or node where the request names one. */
export function tokenSubresource(options: TokenOptions): Subresource {
  return {
    methods: ['POST'],
    keepsIdentity: true,
    body: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    async handle(call) {
      const request = (await call.body<TokenRequest>('authentication/v1.TokenRequest')) ?? { metadata: {}, spec: {} };
      request.spec ??= {};
      tokenRequestKind.defaults?.(request);
      request.metadata ??= {};
      placeInNamespace(call, request);
      let account: ServiceAccount | undefined;
      // Who changes it sees the audiences as they were asked for: a node may ask for the default ones by naming none.
      const admitted = await call.admit(request, async (changed) => {
        nameRequest(changed, call.name);
        account = await call.objects.get(serviceAccountKind, call.name, call.namespace);
        if (!account) throw notFoundError({ group: '', resource: 'serviceaccounts' }, call.name);
        identify(changed, account);
        if (!changed.spec.audiences?.length) changed.spec.audiences = [...options.apiAudiences];
        refuse(changed);
      });
      await call.respond(201, await issue(admitted, account!, call, options));
    },
  };
}

function nameRequest({ metadata }: TokenRequest, name: string): void {
  if (metadata.name && metadata.name !== name) {
    const detail = 'must match the service account name if specified';
    const error = invalid(new Path('metadata').child('name'), metadata.name, detail);
    throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, [error]);
  }
  metadata.name = name;
}

/** A request that says which account it means, by uid, is for no other one of the name. */
function identify({ metadata }: TokenRequest, { metadata: { name = '', uid } }: ServiceAccount): void {
  if (metadata.uid && metadata.uid !== uid) {
    throw conflict(
      { group: 'authentication.k8s.io', resource: 'TokenRequest' },
      name,
      `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`,
    );
  }
  metadata.uid = uid;
}

function refuse({ spec }: TokenRequest): void {
  const at = new Path('spec.expirationSeconds');
  const seconds = spec.expirationSeconds ?? 0;
  const errors: FieldError[] = [];
  if (seconds < minExpiration) errors.push(invalid(at, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > maxExpiration) errors.push(invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds'));
  if (errors.length > 0) throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', errors);
}

async function issue(
  request: TokenRequest,
  account: ServiceAccount,
  call: SubresourceCall,
  options: TokenOptions,
): Promise<TokenRequest> {
  const { issuer, apiAudiences, maxExpirationSeconds, extendExpiration } = options;
  const { spec } = request;
  const { audiences = [] } = spec;
  const bound = spec.boundObjectRef ? await bind(spec.boundObjectRef, call) : {};
  const asked = spec.expirationSeconds ?? 0;
  if (maxExpirationSeconds > 0 && asked > maxExpirationSeconds) {
    call.request.warnings.add(`requested expiration of ${asked} seconds shortened to ${maxExpirationSeconds} seconds`);
    spec.expirationSeconds = maxExpirationSeconds;
  }
  const wanted = spec.expirationSeconds ?? 0;
  const forUs = audiences.every((audience) => apiAudiences.includes(audience));
  const extended = extendExpiration && wanted === warnOnlyExpiration && bound.pod !== undefined && forUs;
  const id = randomUUID();
  const now = Math.floor(Date.now() / 1000);
  const token = await issuer.sign(
    claimsOf({
      issuer: issuer.issuer,
      id,
      namespace: call.namespace,
      serviceAccount: refOf(account),
      ...bound,
      audiences,
      now,
      expirationSeconds: extended ? extendedExpiration : wanted,
      warnAfterSeconds: extended ? wanted : 0,
    }),
  );
  call.request.annotations.set('authentication.kubernetes.io/issued-credential-id', `JTI=${id}`);
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    ...request,
    metadata: { ...request.metadata, creationTimestamp: formatTime(now * 1000) },
    status: { token, expirationTimestamp: formatTime((now + wanted) * 1000) },
  };
}

/** What the token is bound to: what the request names, and for a pod the node it runs on. */
async function bind(
  ref: BoundObjectReference,
  { objects, namespace, name }: SubresourceCall,
): Promise<{ pod?: Ref; secret?: Ref; node?: NodeRef }> {
  const named = { name: ref.name ?? '', uid: ref.uid };
  const [version = '', group = ''] = (ref.apiVersion ?? '').split('/').reverse();
  switch (`${group}/${ref.kind}`) {
    case '/Pod': {
      const pod = await find<Pod>(objects, podKind, named, namespace);
      if (pod.spec.serviceAccountName !== name) {
        throw badRequest(
          `cannot bind token for serviceaccount ${JSON.stringify(name)} to pod running with different serviceaccount name.`,
        );
      }
      const { nodeName } = pod.spec;
      if (!nodeName) return { pod: refOf(pod) };
      const node = await objects.lookUp(nodeKind, nodeName);
      return { pod: refOf(pod), node: node ? refOf(node) : { name: nodeName } };
    }
    case '/Secret':
      return { secret: refOf(await find(objects, secretKind, named, namespace)) };
    case '/Node':
      return { node: refOf(await find(objects, nodeKind, named, undefined)) };
    default:
      throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${ref.kind ?? ''}`);
  }
}

async function find<T extends KubeObject>(
  objects: ObjectAccess,
  kind: AnyKind,
  { name, uid }: { name: string; uid: string | undefined },
  namespace: string | undefined,
): Promise<T> {
  if (name === '') throw badRequest('Name parameter required.');
  const cached: T | undefined = objects.cached(kind, name, namespace);
  const found: T | undefined = cached?.metadata.uid === uid ? cached : await objects.get(kind, name, namespace);
  if (!found) throw notFoundError({ group: kind.group, resource: kind.plural }, name);
  if (uid && found.metadata.uid !== uid) {
    throw conflict(
      { group: kind.group, resource: kind.kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return found;
}

function refOf({ metadata }: KubeObject): Ref {
  return { name: metadata.name ?? '', uid: metadata.uid ?? '' };
}
