/** The user interrupted a command, which has put things in order and ends with the code of an interrupted program. */
class Interrupted extends Error {
  override name = 'Interrupted';
}

/**
 * Runs work that Ctrl-C, SIGTERM or SIGHUP aborts, so that it can undo what it began. Who insists with a third is let go; what is left then,
 * the next command finds. Resolves to the work's exit code, or to 130.
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const stop = new AbortController();
  let interrupts = 0;
  const interrupt = () => {
    interrupts += 1;
    if (interrupts > 2) process.exit(130);
    stop.abort(new Interrupted());
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const it of signals) process.on(it, interrupt);
  try {
    return await work(stop.signal);
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    throw error;
  } finally {
    for (const it of signals) process.removeListener(it, interrupt);
  }
}
