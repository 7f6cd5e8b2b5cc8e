import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Backend, Peer, UnreachablePeer } from './backend/backend.ts';
import { NodeNetwork, RestartNeeded } from './node-network.ts';
import { formatRange, parseRange } from './range.ts';

const peer = (number: number): Peer => ({
  subnet: parseRange(`10.244.${number}.0/24`),
  publicIp: `10.99.0.${number}`,
  attributes: { BackendType: 'vxlan' },
});

let stop: AbortController;
let seen: string[];
/** Errors of the next attempts. */
let failures: Error[];
let unreachable: UnreachablePeer[];
let network: NodeNetwork;
let running: Promise<unknown>;

beforeEach(() => {
  stop = new AbortController();
  seen = [];
  failures = [];
  unreachable = [];
  const backend: Backend = {
    attributes: { BackendType: 'vxlan' },
    mtu: 1450,
    async apply(subnet, peers) {
      const failure = failures.shift();
      if (failure) throw failure;
      seen.push(`${formatRange(subnet)} knows ${peers.map((each) => formatRange(each.subnet)).join(' ')}`.trim());
      return unreachable;
    },
  };
  const log = (_: object, message: string) => seen.push(message);
  network = new NodeNetwork({
    backend,
    subnet: parseRange('10.244.1.0/24'),
    prepare: async () => void seen.push('prepared'),
    standing: async (subnet, peers) => void seen.push(`${formatRange(subnet)} stands with ${peers.length}`),
    synced: ({ error }) => void (error && seen.push(`failed: ${error.message}`)),
    log: { debug: log, info: log, warn: log, error: log },
    signal: stop.signal,
  });
  running = network.run().catch((error) => error);
});
afterEach(async () => {
  stop.abort(new Error('end of the test'));
  await running;
});

async function until(...expected: string[]): Promise<void> {
  const end = Date.now() + 20_000;
  while (seen.length < expected.length && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(seen).toEqual(expected);
  seen.length = 0;
}

describe("the node's network", () => {
  it('stands once the peers are known and led to, and then follows them', async () => {
    network.setPeers([peer(2)]);
    await until('prepared', '10.244.1.0/24 knows 10.244.2.0/24', '10.244.1.0/24 stands with 1');
    network.setPeers([peer(2), peer(3)]);
    await until('10.244.1.0/24 knows 10.244.2.0/24 10.244.3.0/24');
  });

  it('takes changes that come together as one', async () => {
    network.setPeers([]);
    await until('prepared', '10.244.1.0/24 knows', '10.244.1.0/24 stands with 0');
    for (const number of [2, 3, 4]) network.setPeers([peer(number)]);
    await until('10.244.1.0/24 knows 10.244.4.0/24');
  });

  it('begins again after a failure, from the ground', async () => {
    failures = [new Error('no such device')];
    network.setPeers([]);
    await until(
      'prepared',
      'Cannot bring the network about, trying again',
      'failed: no such device',
      'prepared',
      '10.244.1.0/24 knows',
      '10.244.1.0/24 stands with 0',
    );
  });

  it('stands anew with another subnet, when it is told anew who the others are', async () => {
    network.setPeers([peer(2)]);
    await until('prepared', '10.244.1.0/24 knows 10.244.2.0/24', '10.244.1.0/24 stands with 1');
    network.setSubnet(parseRange('10.244.7.0/24'));
    network.setPeers([peer(2), peer(1)]);
    await until('10.244.7.0/24 knows 10.244.2.0/24 10.244.1.0/24', '10.244.7.0/24 stands with 2');
  });

  it('tells once of a peer that cannot be reached, and stands without it', async () => {
    const lost = peer(2);
    unreachable = [{ peer: lost, reason: 'no link' }];
    network.setPeers([lost, peer(3)]);
    await until(
      'prepared',
      '10.244.1.0/24 knows 10.244.2.0/24 10.244.3.0/24',
      'No packets can be led to a node of the network',
      '10.244.1.0/24 stands with 1',
    );
    network.request();
    await until('10.244.1.0/24 knows 10.244.2.0/24 10.244.3.0/24');
  });

  it('ends when only a new start helps', async () => {
    failures = [new RestartNeeded('the interface changed')];
    network.setPeers([]);
    expect(await running).toEqual(new RestartNeeded('the interface changed'));
  });
});
