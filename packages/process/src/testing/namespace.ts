import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A network namespace, alive as long as the process that holds it. */
export class Namespace {
  readonly #holder: ChildProcess;
  readonly #children: ChildProcess[] = [];

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async make(): Promise<Namespace> {
    // Says when it is inside the new namespace, then waits until its input ends.
    const holder = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo ready && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout!, 'data');
    return new Namespace(holder);
  }

  get pid(): number {
    return this.#holder.pid!;
  }

  get path(): string {
    return `/proc/${this.pid}/ns/net`;
  }

  /** A command line that runs `command` inside. */
  enter(...command: string[]): [string, ...string[]] {
    return ['nsenter', `--net=${this.path}`, '--', ...command];
  }

  /** Runs a command inside and returns what it wrote; rejects when it fails. */
  async run(...command: string[]): Promise<string> {
    const [program, ...args] = this.enter(...command);
    const { stdout } = await execute(program, args, { timeout: 20_000 });
    return stdout;
  }

  /** Starts a command inside that runs until the namespace is closed. */
  start(...command: string[]): ChildProcess {
    const [program, ...args] = this.enter(...command);
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#children.push(child);
    return child;
  }

  /** Runs commands of `ip` inside. */
  async ip(...commands: string[]): Promise<void> {
    for (const command of commands) await this.run('ip', ...command.split(' '));
  }

  async close(): Promise<void> {
    for (const child of [...this.#children, this.#holder]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }
}
