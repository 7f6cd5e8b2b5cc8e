import { Http2ServerRequest } from 'node:http2';
import type { Link } from '../link.ts';

/**
 * Ends the HTTP/2 connection of a request in `chance` of all cases, once the requests on it are answered: clients come back, maybe to another
 * server behind the same load balancer, and so servers share the load again after a restart (--goaway-chance).
 */
export function goaway(chance: number): Link {
  return (context, next) => {
    const request: unknown = context.req;
    if (request instanceof Http2ServerRequest && Math.random() < chance) request.stream.session?.close();
    return next();
  };
}
