import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Warnings } from '../warnings.ts';
import type { Authenticated, Authenticator, TokenAuthenticator } from './authenticator.ts';
import { InvalidCredential } from './authenticator.ts';

const invalid = 'invalid bearer token';
const protocolPrefix = 'base64url.bearer.authorization.k8s.io.';

/** Users by `Authorization: Bearer`, or by the WebSocket subprotocol that carries a token where a browser can set no header. */
export function bearerTokens(tokens: TokenAuthenticator, audiences: readonly string[]): Authenticator {
  return {
    async authenticate({ req, warnings }) {
      const token = tokenIn(req.headers.authorization, warnings) ?? takeFromProtocols(req.headers);
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

/**
 * The token in the value of `Authorization`: the second of the words that one space each parts; what follows it says nothing. Undefined: there is none.
 * `warnings`, where given, is told of one that is not seen for a space too many.
 */
export function tokenIn(authorization: string | undefined, warnings?: Warnings): string | undefined {
  const [scheme = '', token, next] = (authorization ?? '').trim().split(' ');
  if (token === undefined || scheme.toLowerCase() !== 'bearer') return undefined;
  if (token === '' && next !== undefined)
    warnings?.add('the provided Authorization header contains extra space before the bearer token, and is ignored');
  return token === '' ? undefined : token;
}

/** Reads the token out of a WebSocket's Sec-WebSocket-Protocol and takes it off, so that it is not chosen as the protocol to speak. */
function takeFromProtocols(headers: IncomingHttpHeaders): string | undefined {
  const header = headers['sec-websocket-protocol'];
  if (!header?.includes(protocolPrefix) || !isWebSocket(headers)) return undefined;
  const protocols = header.split(',').map((each) => each.trim());
  const others = protocols.filter((each) => !each.startsWith(protocolPrefix));
  const [carrier, another] = protocols.filter((each) => each.startsWith(protocolPrefix));
  if (another !== undefined) throw new InvalidCredential('multiple base64.bearer.authorization tokens specified');
  const text = carrier?.slice(protocolPrefix.length);
  if (!text) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1)
    throw new InvalidCredential('invalid base64.bearer.authorization token encoding');
  if (!isUtf8(bytes)) throw new InvalidCredential('invalid base64.bearer.authorization token');
  if (others.length === 0) throw new InvalidCredential('missing additional subprotocol');
  headers['sec-websocket-protocol'] = others.join(', ');
  return bytes.toString();
}

const isWebSocket = ({ connection = '', upgrade = '' }: IncomingHttpHeaders): boolean =>
  upgrade.toLowerCase() === 'websocket' && /(^|,\s*)upgrade($|\s*,)/i.test(connection);

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
