import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The path of a program's launcher. */
export const launcher = (program: string): string => join(root, 'bin', program);

/** What a program printed and how it ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; `input` becomes its standard input. Fails only when it cannot be started or outlives `timeoutMs`. */
export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...options.env }, stdio: 'pipe' });
    const timeout = options.timeoutMs ?? 240_000;
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} ${args.join(' ')} did not end within ${timeout / 1000} s: ${stdout}${stderr}`));
    }, timeout);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? (signal ? 128 : 1), stdout, stderr });
    });
    child.stdin.on('error', () => undefined).end(options.input ?? '');
  });
}

/** What `coracle status -o json` tells, as far as tests look. */
export interface ClusterStatus {
  state: 'stopped' | 'running' | 'degraded';
  server: string;
  serviceCidr: string;
  nodes: {
    name: string;
    address: string;
    state: string;
    pid?: number;
    services: { name: string; state: string; pid?: number; memory?: number; restarts: number }[];
  }[];
}

/** A cluster under test: its own name and data directory, driven through bin/ only, as a person would. */
export class Cluster {
  readonly name: string;
  readonly dataDir: string;
  /** A folder for the tests' own files. */
  readonly scratch: string;

  constructor(name: string) {
    this.name = name;
    this.dataDir = mkdtempSync(join(tmpdir(), 'coracle-e2e-'));
    this.scratch = mkdtempSync(join(tmpdir(), 'coracle-e2e-files-'));
  }

  /** Runs `bin/coracle COMMAND` for this cluster; the command may be of two words, `node add`. */
  coracle(command: string, ...args: string[]): Promise<Outcome> {
    const which = ['--name', this.name, '--data-dir', this.dataDir];
    return run(launcher('coracle'), [...command.split(' '), ...which, ...args]);
  }

  /** Runs `bin/coracle COMMAND` and fails with its output unless it succeeds. */
  async mustCoracle(command: string, ...args: string[]): Promise<string> {
    return mustSucceed(`coracle ${command}`, await this.coracle(command, ...args));
  }

  get kubeconfig(): string {
    return join(this.dataDir, 'admin.kubeconfig');
  }

  /** A node's lasting folder on this machine. */
  nodeFolder(node: string): string {
    return join(this.dataDir, 'nodes', node);
  }

  /** What `coracle status` knows, whether or not all of it runs. */
  async status(): Promise<ClusterStatus> {
    return JSON.parse((await this.coracle('status', '-o', 'json')).stdout) as ClusterStatus;
  }

  /** The process on this machine of a component, on the first node or another. */
  async processOf(component: string, node?: string): Promise<number> {
    const { nodes } = await this.status();
    const found = node === undefined ? nodes[0] : nodes.find((each) => each.name === node);
    const service = found?.services.find((each) => each.name === component);
    if (service?.pid === undefined) throw new Error(`${component} does not run: ${JSON.stringify(service)}`);
    return service.pid;
  }

  /** Runs our kubectl as the cluster's administrator. */
  kubectl(args: readonly string[], input?: string): Promise<Outcome> {
    return run(launcher('kubectl'), args, { input, env: { KUBECONFIG: this.kubeconfig } });
  }

  /** As `kubectl`, and fails with its output unless it succeeds. Returns stdout. */
  async must(args: readonly string[], input?: string): Promise<string> {
    return mustSucceed(`kubectl ${args.join(' ')}`, await this.kubectl(args, input));
  }

  /** The objects `kubectl get ARGS -o json` finds: one, or the items of a list. */
  async get<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    return JSON.parse(await this.must(['get', ...args, '-o', 'json'])) as T;
  }

  apply(manifest: string, ...args: string[]): Promise<string> {
    return this.must(['apply', '-f', '-', ...args], manifest);
  }

  /**
   * Removes the cluster and the tests' folders. Where processes of a busy machine did not end in time a reset says so, and the next one goes on; fails with
   * the output of that.
   */
  async remove(): Promise<void> {
    const first = await this.coracle('reset');
    if (first.code !== 0) {
      console.warn(`coracle reset exited ${first.code}; trying again\n${first.stdout}${first.stderr}`);
      await this.mustCoracle('reset');
    }
    this.removeFolders();
  }

  private removeFolders(): void {
    for (const folder of [this.dataDir, this.scratch]) rmSync(folder, { recursive: true, force: true });
  }
}

function mustSucceed(what: string, outcome: Outcome): string {
  if (outcome.code !== 0) throw new Error(`${what} exited ${outcome.code}\n${outcome.stdout}${outcome.stderr}`);
  return outcome.stdout;
}

/**
 * Asks again until `holds`; fails with the last answer when it has not held for `withinMs`. An attempt that throws counts as an
 * answer that does not hold.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  withinMs = 90_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (holds(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const shown = last instanceof Error ? last.message : JSON.stringify(last, null, 1);
      throw new Error(`${what}: not within ${withinMs / 1000} s; last seen: ${shown?.slice(0, 4000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
