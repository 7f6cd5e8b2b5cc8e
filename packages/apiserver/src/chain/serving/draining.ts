import { send } from '../../endpoints/response.ts';
import type { Link, RequestContext } from '../link.ts';
import { endConnection } from './goaway.ts';

/** What is answered to the end, by how its path begins: load balancers find out by it, and monitoring sees the end. */
const exemptPaths = /^\/(readyz|livez|healthz|metrics)/;

/** API servers go on asking themselves. */
const isExempt = ({ info, req }: RequestContext): boolean =>
  exemptPaths.test(info.path) || (req.headers['user-agent']?.startsWith('kube-apiserver/') ?? false);

/** The requests under way, and what becomes of new ones when the server ends. */
export class Draining {
  #underWay = 0;
  #refusing = false;
  #idle: (() => void)[] = [];

  /** Counts requests that are to be waited for, and turns new ones away once `refuse` was called. */
  link(isLongRunning: (context: RequestContext) => boolean): Link {
    return async (context, next) => {
      if (this.#refusing && !isExempt(context)) return turnAway(context);
      if (isLongRunning(context)) return next();
      this.#underWay++;
      try {
        await next();
      } finally {
        if (--this.#underWay === 0) for (const tell of this.#idle.splice(0)) tell();
      }
    };
  }

  /** From now on new requests are answered with 429 and the wish to come back, on a connection that ends. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Resolves when no request is under way, watches and other long-running ones aside, or `limit` milliseconds are over. */
  async idle(limit: number): Promise<void> {
    if (this.#underWay === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
      timer = setTimeout(resolve, limit);
    });
    clearTimeout(timer);
  }
}

async function turnAway(context: RequestContext): Promise<void> {
  const { res, req } = context;
  res.setHeader('Retry-After', '5');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  // HTTP/2 knows no such header.
  if (req.httpVersionMajor === 1) res.setHeader('Connection', 'close');
  else endConnection(context);
  const text = 'The apiserver is shutting down, please try again later.\n';
  await send(context, 429, 'text/plain; charset=utf-8', Buffer.from(text));
}
