import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Namespace } from '@coracle/process/testing/namespace';
import { Relay } from './relay.ts';

const launcher = fileURLToPath(new URL('../../../../bin/overlay', import.meta.url));

/** Where nodes reach what the test runs outside. */
const outside = '10.99.0.254';

/** Waits until a condition holds; says what was waited for when it does not. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`gave up waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Machines on a common bridge, each a network namespace; all goes when it is closed. */
export class TestLan {
  readonly folder: string;
  readonly hub: Namespace;
  readonly #nodes: TestNode[] = [];
  readonly #relays: Relay[] = [];

  private constructor(folder: string, hub: Namespace) {
    this.folder = folder;
    this.hub = hub;
  }

  static async make(): Promise<TestLan> {
    const hub = await Namespace.make();
    await hub.ip('link add lan type bridge', `addr add ${outside}/24 dev lan`, 'link set lan up');
    return new TestLan(await mkdtemp(join(tmpdir(), 'overlay-')), hub);
  }

  /** Makes a port of this machine's loopback device reachable to the nodes; returns the URL's host and port there. */
  async relay(target: number): Promise<string> {
    const port = 2379 + this.#relays.length;
    const path = join(this.folder, `relay-${port}.sock`);
    this.#relays.push(await Relay.open(this.hub, outside, port, target, path));
    return `${outside}:${port}`;
  }

  /** A machine with the address 10.99.0.NUMBER. */
  async node(number: number, flags: readonly string[]): Promise<TestNode> {
    const inside = await Namespace.make();
    const address = `10.99.0.${number}`;
    await this.hub.ip(
      `link add port${number} type veth peer name eth0 netns ${inside.pid}`,
      `link set port${number} master lan up`,
    );
    await inside.ip(`addr add ${address}/24 dev eth0`, 'link set eth0 up', `route add default via ${outside}`);
    const node = new TestNode(inside, address, join(this.folder, `node-${number}`), flags);
    this.#nodes.push(node);
    return node;
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((each) => each.close()));
    await Promise.all(this.#relays.map((each) => each.close()));
    await this.hub.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A machine on the LAN, with the program running or not. */
export class TestNode {
  readonly inside: Namespace;
  readonly address: string;
  readonly conflist: string;
  readonly subnetFile: string;
  readonly #folder: string;
  readonly #flags: readonly string[];
  readonly #pods: Namespace[] = [];
  #child: ChildProcess | undefined;
  log = '';

  constructor(inside: Namespace, address: string, folder: string, flags: readonly string[]) {
    mkdirSync(folder);
    this.inside = inside;
    this.address = address;
    this.#folder = folder;
    this.conflist = join(folder, 'cni/10-coracle.conflist');
    this.subnetFile = join(folder, 'subnet.env');
    this.#flags = [
      ...flags,
      `--cni-conf-file=${this.conflist}`,
      `--subnet-file=${this.subnetFile}`,
      '--healthz-bind-address=127.0.0.1:10247',
    ];
  }

  /** Starts the program; `standing` tells when the network stands. */
  start(...flags: string[]): void {
    this.log = '';
    const [program, ...args] = this.inside.enter(launcher, ...this.#flags, ...flags);
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: process.env });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.#child = child;
  }

  /** Waits until the program has written the CNI configuration, or said that the one there is right; gives the node's subnet. */
  async standing(): Promise<string> {
    try {
      await this.logs('The network stands');
      return this.subnet()!;
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.log}`);
    }
  }

  /** Waits for a message in the log of the program as it runs now. */
  async logs(message: string): Promise<void> {
    await eventually(`${JSON.stringify(message)} in the log of ${this.address}`, async () =>
      this.log.includes(message),
    );
  }

  /** The subnet that the CNI configuration names; undefined without one. */
  subnet(): string | undefined {
    if (!existsSync(this.conflist)) return undefined;
    return JSON.parse(readFileSync(this.conflist, 'utf8')).plugins[0].ipam.ranges[0][0].subnet;
  }

  /** Ends the program; gives its exit code, or the signal that killed it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    const child = this.#child;
    if (!child) return null;
    this.#child = undefined;
    if (child.exitCode !== null) return child.exitCode;
    const ended = once(child, 'close');
    child.kill(signal);
    const [code, by] = await ended;
    return code ?? by;
  }

  /** Waits until the program has ended by itself; gives its exit code. */
  async ended(): Promise<number | null> {
    const child = this.#child!;
    this.#child = undefined;
    if (child.exitCode === null) await once(child, 'close');
    return child.exitCode;
  }

  /** Starts a pod by the CNI plugin and configuration that a container runtime would take. */
  async pod(): Promise<{ inside: Namespace; ip: string }> {
    const inside = await Namespace.make();
    this.#pods.push(inside);
    const { cniVersion, name, plugins } = JSON.parse(readFileSync(this.conflist, 'utf8'));
    const config = { ...plugins[0], cniVersion, name };
    config.ipam.dataDir = join(this.#folder, 'networks');
    const [program, ...args] = this.inside.enter('/usr/lib/cni/bridge');
    const plugin = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        CNI_COMMAND: 'ADD',
        CNI_CONTAINERID: `pod-${this.#pods.length}`,
        CNI_NETNS: inside.path,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/usr/lib/cni',
        PATH: process.env.PATH,
      },
    });
    let output = '';
    plugin.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    plugin.stdin.end(JSON.stringify(config));
    const [code] = await once(plugin, 'close');
    if (code !== 0) throw new Error(`the CNI plugin failed: ${output}`);
    return { inside, ip: JSON.parse(output).ips[0].address.split('/')[0] };
  }

  /** What a GET of the program's own port is answered with. */
  async get(path: string): Promise<{ status: number; body: string }> {
    const program = `fetch('http://127.0.0.1:10247${path}')
      .then(async (answer) => console.log(JSON.stringify({ status: answer.status, body: await answer.text() })))
      .catch(() => console.log('{"status":0,"body":""}'))`;
    return JSON.parse(await this.inside.run(process.execPath, '-e', program));
  }

  async close(): Promise<void> {
    await this.stop('SIGKILL');
    await Promise.all([...this.#pods, this.inside].map((each) => each.close()));
  }
}

/** How many of `count` packets, sent a fifth of a second apart, were answered. */
export async function ping(from: Namespace, to: string, count = 1, ...options: string[]): Promise<number> {
  const command = from.enter('busybox', 'ping', '-c', String(count), '-i', '0.2', '-W', '1', ...options, to);
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  return Number(/(\d+) packets received/.exec(output)?.[1] ?? 0);
}
