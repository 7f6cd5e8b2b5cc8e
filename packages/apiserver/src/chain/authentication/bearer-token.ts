import type { Authenticated, Authenticator, TokenAuthenticator } from './authenticator.ts';
import { InvalidCredential } from './authenticator.ts';

const invalid = 'invalid bearer token';
const protocolPrefix = 'base64url.bearer.authorization.k8s.io.';

/** Users by `Authorization: Bearer`, or by the WebSocket subprotocol that carries a token where a browser can set no header. */
export function bearerTokens(tokens: TokenAuthenticator, audiences: readonly string[]): Authenticator {
  return {
    async authenticate({ req }) {
      const token = tokenIn(req.headers.authorization) ?? takeFromProtocols(req.headers);
      if (token === undefined) return undefined;
      let answer: Authenticated | undefined;
      try {
        answer = await tokens.authenticateToken(token, audiences);
      } catch (error) {
        if (!(error instanceof InvalidCredential)) throw error;
        throw new InvalidCredential(`[${invalid}, ${error.message}]`, error.annotations);
      }
      if (!answer) throw new InvalidCredential(invalid);
      return answer;
    },
  };
}

function tokenIn(authorization: string | undefined): string | undefined {
  const match = /^bearer +(\S+)\s*$/i.exec(authorization ?? '');
  return match?.[1];
}

/** Reads the token out of Sec-WebSocket-Protocol and takes it off, so that it is not chosen as the protocol to speak. */
function takeFromProtocols(headers: NodeJS.Dict<string | string[]>): string | undefined {
  const header = headers['sec-websocket-protocol'];
  if (typeof header !== 'string' || !header.includes(protocolPrefix)) return undefined;
  const protocols = header.split(',').map((each) => each.trim());
  const carrier = protocols.find((each) => each.startsWith(protocolPrefix));
  const others = protocols.filter((each) => each !== carrier);
  if (carrier === undefined || others.length === 0) {
    throw new InvalidCredential('missing additional subprotocol beside the bearer token');
  }
  headers['sec-websocket-protocol'] = others.join(', ');
  return Buffer.from(carrier.slice(protocolPrefix.length), 'base64url').toString('utf8');
}

/** Asks each in turn; the first that knows the token answers. When none does, the errors of those that tried are thrown. */
export function unionOfTokens(all: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      const errors: InvalidCredential[] = [];
      for (const each of all) {
        try {
          const answer = await each.authenticateToken(token, audiences);
          if (answer) return answer;
        } catch (error) {
          if (!(error instanceof InvalidCredential)) throw error;
          errors.push(error);
        }
      }
      if (errors.length > 0) {
        const messages = errors.map(({ message }) => message).join(', ');
        throw new InvalidCredential(messages, Object.assign({}, ...errors.map(({ annotations }) => annotations)));
      }
      return undefined;
    },
  };
}

/**
 * Tokens that say nothing of audiences are for this server: they count where one of its own is asked for, or none at all. `own`: empty where the server
 * has none.
 */
export function forAudiences(own: readonly string[], tokens: TokenAuthenticator): TokenAuthenticator {
  return {
    async authenticateToken(token, wanted) {
      const audiences = wanted.filter((each) => own.includes(each));
      if (wanted.length > 0 && audiences.length === 0) return undefined;
      const answer = await tokens.authenticateToken(token, wanted);
      return answer && { ...answer, ...(audiences.length > 0 ? { audiences } : {}) };
    },
  };
}
