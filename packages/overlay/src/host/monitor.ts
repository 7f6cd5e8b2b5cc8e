import { type ChildProcess, spawn } from 'node:child_process';

/** How long (ms) the program that watches is left alone after it ended. */
const restartAfter = 5_000;

/**
 * Tells when a link or route changed that the kernel shows with one of the names, until the signal aborts. Our own changes are told too.
 */
export function onKernelChange(names: readonly string[], changed: () => void, signal: AbortSignal): void {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    // It goes with this process, even when that is killed.
    child = spawn('setpriv', ['--pdeathsig', 'KILL', 'ip', '-oneline', 'monitor', 'link', 'address', 'route'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const words = text.split(/[\s:@]+/);
      if (names.some((name) => words.includes(name))) changed();
    });
    const again = (): void => {
      if (!signal.aborted) timer ??= setTimeout(restart, restartAfter);
    };
    child.once('error', again);
    child.once('exit', again);
  };
  const restart = (): void => {
    timer = undefined;
    changed(); // what happened meanwhile is not known
    start();
  };
  start();
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer);
      child?.kill('SIGKILL');
    },
    { once: true },
  );
}
