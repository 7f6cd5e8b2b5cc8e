import { UsageError } from '@coracle/process/program';
import { RE2JS } from 're2js';
import type { Link } from '../link.ts';

const methods = 'POST, GET, OPTIONS, PUT, DELETE, PATCH';
const headers =
  'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since';

/**
 * Reads --cors-allowed-origins: regular expressions that are tied to the start (`^`, `//`) and to the end (`$`, `:`) of an origin, so that none
 * lets in a longer name than it seems to. Throws on others.
 */
export function allowedOrigins(expressions: readonly string[]): RE2JS[] {
  return expressions.map((expression) => {
    const isPinned = /^\(?\^|\/\//.test(expression) && /[$:]\)?$/.test(expression);
    if (!isPinned) {
      throw new UsageError(
        `--cors-allowed-origins has a regular expression that does not pin to start/end of host in the origin header: ${JSON.stringify(expression)}; see --help for an example`,
      );
    }
    try {
      return RE2JS.compile(expression);
    } catch (error) {
      throw new UsageError(
        `--cors-allowed-origins has an invalid regular expression: ${JSON.stringify(expression)}: ${(error as Error).message}`,
      );
    }
  });
}

/** Lets scripts of pages from the origins named ask this server (CORS), and answers browsers that inquire about it. */
export function cors(origins: readonly RE2JS[]): Link {
  return async (context, next) => {
    const { req, res } = context;
    const { origin } = req.headers;
    if (typeof origin !== 'string' || !origins.some((each) => each.matcher(origin).find())) return next();
    res.setHeader('Access-Control-Allow-Origin', origin);
    res.setHeader('Access-Control-Allow-Methods', methods);
    res.setHeader('Access-Control-Allow-Headers', headers);
    res.setHeader('Access-Control-Expose-Headers', 'Date');
    res.setHeader('Access-Control-Allow-Credentials', 'true');
    if (req.method !== 'OPTIONS') return next();
    res.statusCode = 204;
    res.end();
  };
}
