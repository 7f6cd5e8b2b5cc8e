import { decodeJson } from '@coracle/api/codec/json';
import { decodeObject } from '@coracle/api/codec/strict';
import { objectSchemaOf } from '@coracle/api/schema';
import type { TokenReview } from '@coracle/api/types/authentication/v1';
import { type KubeconfigWebhook, mayPass } from '../../webhooks/kubeconfig-webhook.ts';
import { withRetries } from '../../webhooks/retries.ts';
import type { UserInfo } from '../link.ts';
import { InvalidCredential, type TokenAuthenticator } from './authenticator.ts';

const attempts = 5;
const initialBackoff = 500;

/** A webhook that knows whose tokens are. */
export interface TokenWebhookOptions {
  readonly webhook: KubeconfigWebhook;
  /** `v1` or `v1beta1`, of authentication.k8s.io. */
  readonly version: string;
  /** The server's own audiences: those of tokens of which the webhook says none. */
  readonly own: readonly string[];
}

/**
 * Users by tokens that a webhook knows (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication). A
 * token it does not know is left to others; one it has an error about, and every token while it cannot be asked, is refused.
 */
export function webhookTokens({ webhook, version, own }: TokenWebhookOptions): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      const { authenticated, user, error, audiences: matched = [] } = await review(token, audiences);
      const common = audiences.filter((each) => (matched.length > 0 ? matched : own).includes(each));
      if (audiences.length > 0 && common.length === 0) return undefined;
      if (!authenticated) {
        if (error) throw new InvalidCredential(error);
        return undefined;
      }
      return { user: userOf(user), ...(common.length > 0 ? { audiences: common } : {}) };
    },
  };

  async function review(token: string, audiences: readonly string[]): Promise<NonNullable<TokenReview['status']>> {
    const asked = {
      kind: 'TokenReview',
      apiVersion: `authentication.k8s.io/${version}`,
      metadata: {},
      spec: { token, ...(audiences.length > 0 ? { audiences } : {}) },
      status: { user: {} },
    };
    try {
      const answer = await withRetries(() => webhook.post(asked), { initialBackoff, mayPass, attempts });
      const { object } = decodeObject<TokenReview>(
        decodeJson(answer).value,
        objectSchemaOf('authentication/v1.TokenReview'),
      );
      return object.status ?? {};
    } catch (error) {
      throw new InvalidCredential((error as Error).message);
    }
  }
}

function userOf({
  username = '',
  uid = '',
  groups = [],
  extra = {},
}: NonNullable<TokenReview['status']>['user'] = {}): UserInfo {
  return { name: username, uid, groups, extra };
}
