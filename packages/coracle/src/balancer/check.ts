import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import type { Address } from './address.ts';

/** What a check found: it serves; it answers, but says that it does not serve now; no answer. */
export type Verdict = { readonly state: 'ready' } | { readonly state: 'unready' | 'dead'; readonly reason: string };

/** Asks one backend how it is. */
export interface Check {
  /** Ends when the signal aborts, too; what is not answered by then is dead. */
  run(signal: AbortSignal): Promise<Verdict>;
  close(): void;
}

/**
 * The check of a backend: with an authority (PEM) GET /readyz over TLS, on a connection that is kept; without one a TCP connection has to
 * open, which the kernel also does for a process that hangs.
 */
export function checkOf(address: Address, authority: string | undefined): Check {
  return authority === undefined ? connecting(address) : asking(address, authority);
}

function connecting({ host, port }: Address): Check {
  return {
    run: (signal) =>
      new Promise((resolve) => {
        const socket = connect({ host, port, signal });
        socket.once('connect', () => {
          socket.destroy();
          resolve({ state: 'ready' });
        });
        socket.once('error', (error) => resolve(dead(error, signal)));
      }),
    close: () => undefined, // nothing is kept
  };
}

function asking({ host, port }: Address, authority: string): Check {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority });
  const ask = (signal: AbortSignal): Promise<Verdict | 'stale'> =>
    new Promise((resolve) => {
      const asked = request({ agent, host, port, path: '/readyz', signal }, (answer) => {
        const { statusCode = 0 } = answer;
        answer.once('error', (error) => resolve(dead(error, signal)));
        // Whoever asks for credentials answers; only the server's own word that it is not ready counts against it.
        answer.once('end', () =>
          resolve(
            statusCode < 500 ? { state: 'ready' } : { state: 'unready', reason: `/readyz answers with ${statusCode}` },
          ),
        );
        answer.resume();
      });
      asked.once('error', (error: NodeJS.ErrnoException) => {
        resolve(asked.reusedSocket && error.code === 'ECONNRESET' ? 'stale' : dead(error, signal));
      });
      asked.end();
    });
  return {
    run: async (signal) => {
      const verdict = await ask(signal);
      if (verdict !== 'stale') return verdict;
      // The kept connection had been closed meanwhile: that says nothing about a new one.
      const again = await ask(signal);
      return again === 'stale' ? { state: 'dead', reason: 'connection reset' } : again;
    },
    close: () => agent.destroy(),
  };
}

function dead(error: Error, signal: AbortSignal): Verdict {
  return { state: 'dead', reason: signal.aborted ? 'no answer in time' : error.message };
}
