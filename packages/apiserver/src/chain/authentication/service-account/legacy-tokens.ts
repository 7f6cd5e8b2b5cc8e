import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { serviceAccount as accountKind } from '@coracle/api/core/v1/serviceaccount';
import { dayOf, invalidSinceLabel, lastUsedLabel } from '@coracle/api/legacy-tokens/tracking';
import { isNotFound } from '@coracle/api/meta/status';
import type { Secret, ServiceAccount } from '@coracle/api/types/core/v1';
import type { TokenKey } from '@coracle/process/token-keys';
import type { JWTPayload } from 'jose';
import type { ObjectAccess } from '../../../registry/access.ts';
import { serviceAccountGroups, serviceAccountUsername } from '../../user.ts';
import { type Authenticated, InvalidCredential, quoted, type TokenAuthenticator } from '../authenticator.ts';
import { SignedTokens } from './signed-tokens.ts';

/** What the tokens say that Secrets hold. */
type LegacyClaims = JWTPayload & Readonly<Record<`kubernetes.io/serviceaccount/${string}`, unknown>>;

/** Whether a Secret was made by hand, or by a control plane of old for its account, or must not be used any more. */
export type LegacyUse = 'any' | 'manual' | 'auto' | 'invalid';

export interface LegacyTokenOptions {
  readonly keys: readonly TokenKey[];
  readonly objects: Pick<ObjectAccess, 'lookUp' | 'get' | 'update'>;
  /** The audiences of this server, which tokens without any are for. */
  readonly audiences: readonly string[];
  readonly observe?: (use: LegacyUse) => void;
  readonly log: { warn(details: object, message: string): void };
}

const issuer = 'kubernetes/serviceaccount';
const day = 86_400_000;

const autoWarning =
  'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.';

/**
 * Users by the tokens that Secrets of type kubernetes.io/service-account-token hold
 * (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/): good as long as the Secret holds it and the account is there. The day
 * it was last used is written on the Secret (KEP-2799).
 */
export class LegacyTokens implements TokenAuthenticator {
  readonly #signed: SignedTokens<LegacyClaims>;
  readonly #options: LegacyTokenOptions;

  constructor(options: LegacyTokenOptions) {
    this.#signed = new SignedTokens([issuer], options.keys);
    this.#options = options;
  }

  async authenticateToken(token: string, wanted: readonly string[]): Promise<Authenticated | undefined> {
    const claims = await this.#signed.read(token);
    if (!claims) return undefined;
    const annotations = { 'authentication.k8s.io/legacy-token': claims.sub ?? '' };
    this.#options.observe?.('any');
    const { audiences: own } = this.#options;
    const audiences = own.filter((each) => wanted.includes(each));
    if (audiences.length === 0 && own.length > 0) {
      throw new InvalidCredential(
        `token audiences ${quoted(own)} is invalid for the target audiences ${quoted(wanted)}`,
        annotations,
      );
    }
    const { namespace, secretName, name, uid } = identityOf(claims, annotations);
    const { secret, account } = await this.#holders(token, { namespace, secretName, name, uid }, annotations);
    const tracked = await this.#track(secret, account, annotations);
    const user = {
      name: serviceAccountUsername(namespace, name),
      uid,
      groups: serviceAccountGroups(namespace),
      extra: {},
    };
    return { user, audiences, ...tracked };
  }

  /** The Secret that holds a token, and the account it is of, both as they are now. */
  async #holders(
    token: string,
    { namespace, secretName, name, uid }: Identity,
    annotations: Annotations,
  ): Promise<{ secret: Secret; account: ServiceAccount }> {
    const { objects } = this.#options;
    const isHeld = (it: Secret | undefined) =>
      it !== undefined &&
      !it.metadata.deletionTimestamp &&
      Buffer.from(it.data?.['token'] ?? '', 'base64').toString() === token;
    const known = await objects.lookUp(secretKind, secretName, namespace);
    // The cache may be a moment behind: nobody is refused by it alone.
    const secret = isHeld(known) ? known : await objects.get(secretKind, secretName, namespace);
    if (!secret || secret.metadata.deletionTimestamp)
      throw new InvalidCredential('Token has been invalidated', annotations);
    if (!isHeld(secret)) throw new InvalidCredential("Token does not match server's copy", annotations);
    const found = await objects.lookUp(accountKind, name, namespace);
    const isSame = found?.metadata.uid === uid && !found.metadata.deletionTimestamp;
    const account = isSame ? found : await objects.get(accountKind, name, namespace);
    if (!account) throw new InvalidCredential(`serviceaccounts ${JSON.stringify(name)} not found`, annotations);
    const { deletionTimestamp, uid: own } = account.metadata;
    if (deletionTimestamp)
      throw new InvalidCredential(`ServiceAccount ${namespace}/${name} has been deleted`, annotations);
    if (own !== uid)
      throw new InvalidCredential(`ServiceAccount UID (${own}) does not match claim (${uid})`, annotations);
    return { secret, account };
  }

  /** What is said of the use of a Secret, which is written down on it. Throws where it must not be used. */
  async #track(
    secret: Secret,
    account: ServiceAccount,
    annotations: Annotations,
  ): Promise<Pick<Authenticated, 'annotations' | 'warnings'>> {
    const { observe } = this.#options;
    const { name = '', namespace, labels } = secret.metadata;
    if (labels?.[invalidSinceLabel]) {
      observe?.('invalid');
      await this.#markUsed(secret);
      throw new InvalidCredential(
        `the token in secret ${namespace}/${name} for service account ${namespace}/${account.metadata.name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`,
        { ...annotations, 'authentication.k8s.io/legacy-token-invalidated': `${name}/${namespace}` },
      );
    }
    const isAuto = (account.secrets ?? []).some((each) => each.name === name);
    observe?.(isAuto ? 'auto' : 'manual');
    await this.#markUsed(secret);
    const kind = isAuto ? 'autogenerated' : 'manual';
    return {
      annotations: { ...annotations, [`authentication.k8s.io/legacy-token-${kind}-secret`]: name },
      ...(isAuto ? { warnings: [autoWarning] } : {}),
    };
  }

  /** Servers whose clocks differ around midnight must not take turns: tomorrow is as good as today. */
  async #markUsed({ metadata: { name = '', namespace, uid, labels } }: Secret): Promise<void> {
    const today = dayOf(Date.now());
    const said = labels?.[lastUsedLabel];
    if (said === today || said === dayOf(Date.now() + day)) return;
    try {
      await this.#options.objects.update(secretKind, name, namespace, (current) =>
        current.metadata.uid === uid && current.metadata.labels?.[lastUsedLabel] !== today
          ? {
              ...current,
              metadata: { ...current.metadata, labels: { ...current.metadata.labels, [lastUsedLabel]: today } },
            }
          : undefined,
      );
    } catch (error) {
      // Who has a good token is let in, whether that can be written down or not.
      if (!isNotFound(error))
        this.#options.log.warn(
          { err: error, secret: `${namespace}/${name}` },
          'Cannot label a token Secret with the day it was used',
        );
    }
  }
}

type Annotations = Readonly<Record<string, string>>;

interface Identity {
  readonly namespace: string;
  readonly secretName: string;
  readonly name: string;
  readonly uid: string;
}

function identityOf(claims: LegacyClaims, annotations: Annotations): Identity {
  const text = (claim: unknown, name: string): string => {
    if (typeof claim === 'string' && claim !== '') return claim;
    throw new InvalidCredential(`${name} claim is missing`, annotations);
  };
  const subject = text(claims.sub, 'sub');
  const namespace = text(claims['kubernetes.io/serviceaccount/namespace'], 'namespace');
  const secretName = text(claims['kubernetes.io/serviceaccount/secret.name'], 'secretName');
  const name = text(claims['kubernetes.io/serviceaccount/service-account.name'], 'serviceAccountName');
  const uid = text(claims['kubernetes.io/serviceaccount/service-account.uid'], 'serviceAccountUID');
  if (subject !== serviceAccountUsername(namespace, name))
    throw new InvalidCredential('sub claim is invalid', annotations);
  return { namespace, secretName, name, uid };
}
