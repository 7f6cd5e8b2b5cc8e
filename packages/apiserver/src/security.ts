import { readFileSync } from 'node:fs';
import { persistentVolume } from '@coracle/api/core/v1/persistentvolume';
import { pod } from '@coracle/api/core/v1/pod';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { role } from '@coracle/api/rbac/v1/role';
import { roleBinding } from '@coracle/api/rbac/v1/rolebinding';
import { resourceSlice } from '@coracle/api/resource/v1/resourceslice';
import { volumeAttachment } from '@coracle/api/storage/v1/volumeattachment';
import type { FlagValues } from '@coracle/process/flags';
import { type TokenKey, verificationKeys } from '@coracle/process/token-keys';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Authenticator, TokenAuthenticator } from './chain/authentication/authenticator.ts';
import { bearerTokens, forAudiences, unionOfTokens } from './chain/authentication/bearer-token.ts';
import { type BootstrapTokenOptions, bootstrapTokens } from './chain/authentication/bootstrap-token.ts';
import { certificatesIn, clientCertificates } from './chain/authentication/client-certificate.ts';
import type { CredentialMetrics } from './chain/authentication/credential-metrics.ts';
import { requestHeaders } from './chain/authentication/request-header.ts';
import { LegacyTokens } from './chain/authentication/service-account/legacy-tokens.ts';
import { liveObjects } from './chain/authentication/service-account/live-objects.ts';
import { ServiceAccountTokens } from './chain/authentication/service-account/verifier.ts';
import { fixedTokens, parseTokenFile } from './chain/authentication/token-file.ts';
import { abacAuthorizer } from './chain/authorization/abac/authorizer.ts';
import type { AbacPolicy } from './chain/authorization/abac/policy-file.ts';
import {
  type Authorizer,
  alwaysAllow,
  alwaysDeny,
  privilegedGroup,
  unionOf,
} from './chain/authorization/authorizer.ts';
import { decisionCounts } from './chain/authorization/counted.ts';
import { nodeAuthorizer } from './chain/authorization/node/authorizer.ts';
import { NodeGraph } from './chain/authorization/node/graph.ts';
import { RbacAuthorizer } from './chain/authorization/rbac/authorizer.ts';
import { RbacIndex } from './chain/authorization/rbac/index.ts';
import type { WantedAuthorizer, WantedAuthorizers } from './chain/authorization/wanted.ts';
import { mastersGroup } from './chain/user.ts';
import type { apiServerFlags } from './flags.ts';
import type { ObjectAccess } from './registry/access.ts';

type Flags = FlagValues<typeof apiServerFlags.flags>;

/** The keys of service account tokens. */
export interface TokenKeys {
  /** What signs them, as PEM; undefined: nothing. */
  readonly signing: string | undefined;
  /** What they are checked with. */
  readonly checking: readonly TokenKey[];
}

/** Those that the flags name, from files that are read when they are first asked for. */
export function tokenKeysOf(flags: Flags): TokenKeys {
  let checking: readonly TokenKey[] | undefined;
  return {
    get signing() {
      const file = flags['service-account-signing-key-file'];
      return file === '' ? undefined : readFileSync(file, 'utf8');
    },
    get checking() {
      checking ??= flags['service-account-key-file'].flatMap((file) => verificationKeys(readFileSync(file, 'utf8')));
      return checking;
    },
  };
}

/** The audiences that tokens for this server name. */
export function audiencesOf(flags: Flags): readonly string[] {
  return flags['api-audiences'].length > 0 ? flags['api-audiences'] : flags['service-account-issuer'];
}

/** All authorities whose client certificates TLS asks for, as one PEM bundle; undefined: none. */
export function clientAuthoritiesOf(flags: Flags): string | undefined {
  const files = [flags['client-ca-file'], flags['requestheader-client-ca-file']].filter((file) => file !== '');
  return files.length === 0 ? undefined : files.map((file) => readFileSync(file, 'utf8')).join('\n');
}

/** What extension servers and components read from the ConfigMap extension-apiserver-authentication to authenticate as this server does. */
export function authenticationInfoOf(flags: Flags): Record<string, string> {
  const info: Record<string, string> = {};
  if (flags['client-ca-file'] !== '') info['client-ca-file'] = readFileSync(flags['client-ca-file'], 'utf8');
  if (flags['requestheader-client-ca-file'] === '') return info;
  const list = (
    name: 'allowed-names' | 'username-headers' | 'uid-headers' | 'group-headers' | 'extra-headers-prefix',
  ) => JSON.stringify(flags[`requestheader-${name}`]);
  return {
    ...info,
    'requestheader-client-ca-file': readFileSync(flags['requestheader-client-ca-file'], 'utf8'),
    'requestheader-allowed-names': list('allowed-names'),
    'requestheader-username-headers': list('username-headers'),
    'requestheader-uid-headers': list('uid-headers'),
    'requestheader-group-headers': list('group-headers'),
    'requestheader-extra-headers-prefix': list('extra-headers-prefix'),
  };
}

/** What checks bearer tokens; TokenReview asks the same. `outside`: those that others issue or know, asked last. */
export function tokensOf(
  flags: Flags,
  { checking: keys }: TokenKeys,
  objects: ObjectAccess,
  log: BootstrapTokenOptions['log'],
  metrics: CredentialMetrics,
  outside: readonly TokenAuthenticator[] = [],
): TokenAuthenticator {
  const own = audiencesOf(flags);
  const tokens: TokenAuthenticator[] = [];
  if (flags['token-auth-file'] !== '') {
    const file = flags['token-auth-file'];
    const users = parseTokenFile(readFileSync(file, 'utf8'), file, (text) => log.warn({}, text));
    tokens.push(forAudiences(own, fixedTokens(users)));
  }
  if (keys.length > 0) {
    tokens.push(new LegacyTokens({ keys, objects, audiences: own, observe: metrics.legacyToken, log }));
    const issuers = flags['service-account-issuer'];
    tokens.push(
      new ServiceAccountTokens({ issuers, keys, live: liveObjects(objects), observe: metrics.serviceAccountToken }),
    );
  }
  if (flags['enable-bootstrap-token-auth']) tokens.push(forAudiences(own, bootstrapTokens({ objects, log })));
  return unionOfTokens([...tokens, ...outside]);
}

/** The authenticators the flags ask for, in upstream's order. */
export function authenticatorsOf(
  flags: Flags,
  tokens: TokenAuthenticator,
  metrics: CredentialMetrics,
): Authenticator[] {
  const authenticators: Authenticator[] = [];
  const authorities = (file: string) => certificatesIn(readFileSync(file, 'utf8'));
  if (flags['requestheader-client-ca-file'] !== '') {
    const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
    authenticators.push(
      requestHeaders({
        authorities: authorities(flags['requestheader-client-ca-file']),
        allowedNames: flags['requestheader-allowed-names'],
        usernameHeaders: lower(flags['requestheader-username-headers']),
        uidHeaders: lower(flags['requestheader-uid-headers']),
        groupHeaders: lower(flags['requestheader-group-headers']),
        extraHeaderPrefixes: lower(flags['requestheader-extra-headers-prefix']),
      }),
    );
  }
  if (flags['client-ca-file'] !== '')
    authenticators.push(clientCertificates(authorities(flags['client-ca-file']), metrics.certificate));
  authenticators.push(bearerTokens(tokens, audiencesOf(flags)));
  return authenticators;
}

/** An authorizer, and what makes it follow the objects it decides by. */
export interface Following {
  authorizer: Authorizer;
  /** The roles and bindings, where RBAC is on. */
  rbac: RbacIndex | undefined;
}

/** What authorizers are made with, beside the objects they decide by. */
export interface AuthorizerOptions {
  /** Of --authorization-policy-file. */
  readonly policies: readonly AbacPolicy[];
  readonly metrics: MetricsRegistry;
}

/** The authorizers wanted, as one. It follows the watch caches, and what is wanted, from now on. */
export function authorizerOf(
  wanted: WantedAuthorizers,
  objects: ObjectAccess,
  { policies, metrics }: AuthorizerOptions,
): Following {
  const counted = decisionCounts(metrics);
  let rbac: RbacIndex | undefined;
  const byMode: Readonly<Record<string, () => Authorizer>> = {
    ABAC: () => abacAuthorizer(policies),
    AlwaysAllow: () => alwaysAllow,
    AlwaysDeny: () => alwaysDeny,
    Node: () => nodeAuthorizer(nodeGraphOf(objects)),
    RBAC: () => {
      rbac = rbacIndexOf(objects);
      return new RbacAuthorizer(rbac);
    },
  };
  const made = new Map<string, Authorizer>();
  const local = (type: string): Authorizer => {
    const known = made.get(type);
    if (known) return known;
    const authorizer = byMode[type]!();
    made.set(type, authorizer);
    return authorizer;
  };
  const united = (all: readonly WantedAuthorizer[]) =>
    unionOf([privilegedGroup(mastersGroup), ...all.map((each) => counted(each.webhook ?? local(each.type), each))]);
  let now = united(wanted.now);
  wanted.onChange((next) => {
    now = united(next);
  });
  const authorizer: Authorizer = {
    authorize: (attributes) => now.authorize(attributes),
    rulesFor: (user, namespace) => now.rulesFor(user, namespace),
  };
  return { authorizer, rbac };
}

function rbacIndexOf(objects: ObjectAccess): RbacIndex {
  const index = new RbacIndex();
  objects.onChange(clusterRole, ({ type, object }) =>
    index.setClusterRole(object.metadata.name!, type === 'deleted' ? undefined : object),
  );
  objects.onChange(role, ({ type, object: { metadata }, object }) =>
    index.setRole(metadata.namespace!, metadata.name!, type === 'deleted' ? undefined : object),
  );
  objects.onChange(clusterRoleBinding, ({ type, object }) =>
    index.setClusterRoleBinding(object.metadata.name!, type === 'deleted' ? undefined : object),
  );
  objects.onChange(roleBinding, ({ type, object: { metadata }, object }) =>
    index.setRoleBinding(metadata.namespace!, metadata.name!, type === 'deleted' ? undefined : object),
  );
  return index;
}

function nodeGraphOf(objects: ObjectAccess): NodeGraph {
  const graph = new NodeGraph();
  objects.onChange(pod, ({ type, object }) => {
    if (type === 'deleted') graph.deletePod(object.metadata.namespace!, object.metadata.name!);
    else graph.setPod(object);
  });
  objects.onChange(persistentVolume, ({ type, object }) => {
    if (type === 'deleted') graph.deleteVolume(object.metadata.name!);
    else graph.setVolume(object);
  });
  objects.onChange(volumeAttachment, ({ type, object }) => {
    if (type === 'deleted') graph.deleteAttachment(object.metadata.name!);
    else graph.setAttachment(object);
  });
  objects.onChange(resourceSlice, ({ type, object }) => {
    if (type === 'deleted') graph.deleteSlice(object.metadata.name!);
    else graph.setSlice(object);
  });
  return graph;
}
