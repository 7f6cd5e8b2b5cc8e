import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
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

  /** A command line that runs `command` inside. */
  enter(...command: string[]): [string, ...string[]] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--', ...command];
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

  async close(): Promise<void> {
    for (const child of [...this.#children, this.#holder]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }
}

/**
 * A node with pods and a client outside, each in a namespace of its own, joined by veth pairs: pods are 10.244.0.0/24 (and the node
 * 10.244.0.1 to them), the client is 192.168.77.2 and the node 192.168.77.1 to it. Everything goes when it is closed.
 */
export class TestNetwork {
  readonly node: Namespace;
  readonly client: Namespace;
  readonly #pods: Namespace[] = [];

  private constructor(node: Namespace, client: Namespace) {
    this.node = node;
    this.client = client;
  }

  static async make(): Promise<TestNetwork> {
    const network = new TestNetwork(await Namespace.make(), await Namespace.make());
    const { node, client } = network;
    await node.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    await node.run('ip', 'link', 'add', 'outside', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(client.pid));
    await node.run('ip', 'addr', 'add', '192.168.77.1/24', 'dev', 'outside');
    await node.run('ip', 'link', 'set', 'outside', 'up');
    await client.run('ip', 'addr', 'add', '192.168.77.2/24', 'dev', 'eth0');
    await client.run('ip', 'link', 'set', 'eth0', 'up');
    await client.run('ip', 'route', 'add', 'default', 'via', '192.168.77.1');
    // A node reaches a cluster IP only when it would route it somewhere.
    await node.run('ip', 'route', 'add', 'default', 'via', '192.168.77.2');
    return network;
  }

  async addPod(ip: string): Promise<Namespace> {
    const pod = await Namespace.make();
    this.#pods.push(pod);
    const link = `pod${this.#pods.length}`;
    const { node } = this;
    await node.run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pod.pid));
    await node.run('ip', 'addr', 'add', '10.244.0.1/32', 'dev', link);
    await node.run('ip', 'link', 'set', link, 'up');
    await node.run('ip', 'route', 'add', `${ip}/32`, 'dev', link);
    await pod.run('ip', 'addr', 'add', `${ip}/32`, 'dev', 'eth0');
    await pod.run('ip', 'link', 'set', 'eth0', 'up');
    await pod.run('ip', 'route', 'add', '10.244.0.1/32', 'dev', 'eth0');
    await pod.run('ip', 'route', 'add', 'default', 'via', '10.244.0.1');
    return pod;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pods, this.client, this.node].map((each) => each.close()));
  }
}
