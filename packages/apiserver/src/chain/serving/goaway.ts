import { Http2ServerRequest } from 'node:http2';
import type { Link, RequestContext } from '../link.ts';

/**
 * Ends the HTTP/2 connection of a request in `chance` of all cases, once the requests on it are answered: clients come back, maybe to another
 * server behind the same load balancer, and so servers share the load again after a restart (--goaway-chance).
 */
export function goaway(chance: number): Link {
  return (context, next) => {
    if (Math.random() < chance) endConnection(context);
    return next();
  };
}

/** Has an HTTP/2 connection end once the requests on it are answered; one of HTTP/1.1 goes on. */
export function endConnection({ req }: Pick<RequestContext, 'req'>): void {
  const request: unknown = req;
  if (request instanceof Http2ServerRequest) request.stream.session?.close();
}
