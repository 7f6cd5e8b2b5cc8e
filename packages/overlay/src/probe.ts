import { connect } from 'node:net';

/** The discard service's: nobody need listen, a refusal is as good an answer. */
const port = 9;
/** How long (ms) an answer is waited for before another packet is sent: the kernel's own pause of a second is too long here. */
const patience = 100;

/**
 * Asks machines, each by its address in the overlay, until all have answered or the signal aborts. An answer proves that the other side
 * leads packets back to `from`. Returns those that did not answer.
 */
export async function unanswered(
  addresses: readonly string[],
  from: string,
  signal: AbortSignal,
  ask: typeof answers = answers,
): Promise<string[]> {
  const silent = new Set(addresses);
  await Promise.all(
    addresses.map(async (address) => {
      while (!signal.aborted) {
        if (await ask(address, from)) {
          silent.delete(address);
          return;
        }
      }
    }),
  );
  return [...silent];
}

/** Whether the machine accepts or refuses a connection within the patience; takes that long when it does neither. */
export function answers(address: string, from: string): Promise<boolean> {
  return new Promise((resolve) => {
    let answered = false;
    const socket = connect({ host: address, port, localAddress: from });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(answered);
    }, patience);
    const yes = () => {
      answered = true;
      clearTimeout(timer);
      socket.destroy();
      resolve(true);
    };
    socket.once('connect', yes);
    // Other errors come at once (no route yet): the next attempt waits for the timer.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') yes();
    });
  });
}
