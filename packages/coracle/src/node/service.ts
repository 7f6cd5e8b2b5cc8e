import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import type { LogFile } from './log-file.ts';
import { whenAnswering } from './probe.ts';
import type { ServiceSettings, ServiceStatus } from './settings.ts';

/** The first wait before a restart, and the longest; it doubles in between, and begins anew after a run of `steady`. */
const restartDelay = { first: 100, longest: 10_000, steady: 60_000 };

/** One supervised process: started, watched until it answers, restarted when it ends, stopped. */
export class Service {
  readonly settings: ServiceSettings;
  readonly #log: LogFile;
  #child: ChildProcess | undefined;
  #state: ServiceStatus['state'] = 'waiting';
  #since = Date.now();
  #restarts = 0;
  #failures = 0;
  #lastEnd: string | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #answering = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<void>();

  constructor(settings: ServiceSettings, log: LogFile) {
    this.settings = settings;
    this.#log = log;
  }

  /** Resolves when the service has answered for the first time. */
  get answered(): Promise<void> {
    return this.#answering.promise;
  }

  get status(): ServiceStatus {
    return {
      name: this.settings.name,
      state: this.#state,
      pid: this.#child?.pid,
      restarts: this.#restarts,
      since: this.#since,
      lastEnd: this.#lastEnd,
    };
  }

  /** Starts the process. Does nothing once the service is being stopped. */
  start(): void {
    if (this.#state === 'stopping' || this.#state === 'stopped') return;
    const { command, env, user, folders } = this.settings;
    const begin = Date.now();
    try {
      for (const { path, mode } of folders) {
        mkdirSync(path, { recursive: true });
        chmodSync(path, mode);
        if (user) chownSync(path, user.uid, user.gid);
      }
    } catch (error) {
      this.#failed((error as Error).message, begin); // a full disk, say: it may have room later
      return;
    }
    const [program, ...args] = [...(user ? asUser(user) : []), ...command];
    this.#become('starting');
    const child = spawn(program!, args, {
      cwd: '/',
      env: { ...process.env, ...env },
      stdio: ['ignore', this.#log.descriptor, this.#log.descriptor],
      detached: true, // a session of its own, so that a signal to one reaches no other
    });
    this.#child = child;
    child.once('error', (error) => this.#end(child, error.message, begin));
    child.once('exit', (code, signal) => this.#end(child, signal ? `signal ${signal}` : `exit code ${code}`, begin));
    void this.#watch(child);
  }

  /** Ends the process: SIGTERM, and SIGKILL after `patience` milliseconds. Resolves when it is gone. */
  async stop(patience: number): Promise<void> {
    clearTimeout(this.#restartTimer);
    if (!this.#child) {
      this.#become('stopped');
      return;
    }
    this.#become('stopping');
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => {
      this.#log.note(`did not stop within ${patience / 1000} s; killed`);
      this.#child?.kill('SIGKILL');
    }, patience);
    await this.#ended.promise;
    clearTimeout(kill);
  }

  async #watch(child: ChildProcess): Promise<void> {
    const { probe } = this.settings;
    const gone = new AbortController();
    child.once('exit', () => gone.abort());
    child.once('error', () => gone.abort());
    if (probe && !(await whenAnswering(probe, gone.signal))) return;
    if (this.#child === child && this.#state === 'starting') {
      this.#become('running');
      this.#answering.resolve();
    }
  }

  #end(child: ChildProcess, how: string, begin: number): void {
    if (this.#child !== child) return; // it could not be spawned, and both events came
    this.#child = undefined;
    if (this.#state === 'stopping') {
      this.#lastEnd = how;
      this.#become('stopped');
      this.#ended.resolve();
      return;
    }
    this.#failed(how, begin);
  }

  /** Starts it again after a while. */
  #failed(how: string, begin: number): void {
    this.#lastEnd = how;
    if (Date.now() - begin > restartDelay.steady) this.#failures = 0;
    const delay = Math.min(restartDelay.first * 2 ** this.#failures, restartDelay.longest);
    this.#failures += 1;
    this.#become('failed');
    this.#log.note(`ended with ${how}; starts again in ${delay / 1000} s`);
    this.#restartTimer = setTimeout(() => {
      this.#restarts += 1;
      this.start();
    }, delay);
  }

  #become(state: ServiceStatus['state']): void {
    this.#state = state;
    this.#since = Date.now();
  }
}

/** The command that drops root's rights before it becomes the service, keeping the named capabilities as ambient ones. */
function asUser(user: NonNullable<ServiceSettings['user']>): string[] {
  const sets = (user.capabilities ?? []).map((it) => `,+${it}`).join('');
  return [
    'setpriv',
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    `--bounding-set=-all${sets}`,
    `--inh-caps=-all${sets}`,
    ...(sets ? [`--ambient-caps=-all${sets}`] : []),
    '--no-new-privs',
  ];
}
