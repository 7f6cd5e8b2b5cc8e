import { Namespace } from '@coracle/process/testing/namespace';

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
