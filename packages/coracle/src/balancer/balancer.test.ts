import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Balancer, type BalancerOptions, startBalancer } from './balancer.ts';
import { startBackend, type TestBackend } from './testing/backends.ts';

let stop: AbortController;
const backends: TestBackend[] = [];
const clients: Client[] = [];
beforeEach(() => {
  stop = new AbortController();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  stop.abort();
  await Promise.all(backends.splice(0).map((it) => it.close()));
});

async function backend(...parameters: Parameters<typeof startBackend>): Promise<TestBackend> {
  const made = await startBackend(...parameters);
  backends.push(made);
  return made;
}

const quick = { interval: 20, timeout: 1_000, fall: 2, rise: 2 };
const silent = { info: () => undefined, warn: () => undefined };

function balance(addresses: string[], more: Partial<BalancerOptions> = {}): Promise<Balancer> {
  const listen = { host: '127.0.0.1', port: 0 };
  return startBalancer({ listen, backends: addresses, checks: quick, log: silent, signal: stop.signal, ...more });
}

interface Client {
  socket: Socket;
  /** What it was sent so far. */
  text(): string;
  /** Resolves with the whole text when the other side has ended or broken off. */
  ended: Promise<string>;
}

function client({ address }: Balancer): Client {
  const socket = connect({ ...address, allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  const ended = new Promise<string>((resolve) => {
    socket.once('end', () => resolve(text));
    socket.once('error', () => resolve(text));
    socket.once('close', () => resolve(text));
  });
  const made = { socket, text: () => text, ended };
  clients.push(made);
  return made;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Connects and waits for the name of the backend it was led to. */
async function named(balancer: Balancer): Promise<{ name: string } & Client> {
  const it = client(balancer);
  await until(() => it.text().includes('\n'), 'a backend says its name');
  return { ...it, name: it.text().split('\n')[0]! };
}

describe('a load balancer', () => {
  it('gives each backend its share, and a new connection to the one with the fewest', async () => {
    const [a, b, c] = [await backend('a'), await backend('b'), await backend('c')];
    const balancer = await balance([a.address, b.address, c.address]);
    const made = [];
    for (let i = 0; i < 6; i++) made.push(await named(balancer));
    expect(made.map(({ name }) => name).sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    for (const each of made.filter(({ name }) => name === 'b')) each.socket.destroy();
    await until(() => balancer.status()[1]!.connections === 0, 'b has no connection');
    expect((await named(balancer)).name).toBe('b');
  });

  it('passes what is sent after the other direction has ended', async () => {
    const late = await backend('late', {
      serve: (socket) => {
        socket.resume();
        socket.once('end', () => setImmediate(() => socket.end('the answer')));
      },
    });
    const it = client(await balance([late.address]));
    it.socket.end('the question');
    expect(await it.ended).toBe('the answer');
  });

  it('reads no more than the other side takes', async () => {
    let sent = 0;
    const source = await backend('source', {
      serve: (socket) => {
        const chunk = Buffer.alloc(1 << 20);
        const more = () => {
          while (sent < 96 << 20) {
            sent += chunk.length;
            if (!socket.write(chunk)) return;
          }
        };
        socket.on('drain', more);
        socket.once('data', more); // checks connect, too, and say nothing
      },
    });
    const balancer = await balance([source.address]);
    const socket = connect(balancer.address);
    const slow = { socket, text: () => '', ended: Promise.resolve('') };
    clients.push(slow);
    socket.write('go');
    socket.pause();
    await until(() => sent > 0, 'the source begins');
    let before = -1;
    // Nobody reads: what is sent has to stand still once the buffers on the way are full.
    await until(() => {
      const still = before === sent;
      before = sent;
      return still && sent > 1 << 20;
    }, 'the source waits');
    expect(sent).toBeLessThan(64 << 20);
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.resume();
    await until(() => received === 96 << 20, 'everything has arrived');
  });

  it('skips a backend that refuses before the client notices', async () => {
    const [gone, there] = [await backend('gone'), await backend('there')];
    await gone.close();
    const balancer = await balance([gone.address, there.address], { checks: { ...quick, interval: 60_000 } });
    for (let i = 0; i < 4; i++) expect((await named(balancer)).name).toBe('there');
  });

  it('turns to a backend again when it is back', async () => {
    const [a, b] = [await backend('a'), await backend('b')];
    const balancer = await balance([a.address, b.address]);
    await a.close();
    await until(() => balancer.status()[0]!.state === 'dead', 'a is known to be gone');
    expect((await named(balancer)).name).toBe('b');
    await backend('a', { port: Number(a.address.split(':')[1]) });
    await until(() => balancer.status()[0]!.state === 'ready', 'a is known to be back');
    expect((await named(balancer)).name).toBe('a');
  });

  it('breaks off a client when no backend takes it', async () => {
    const gone = await backend('gone');
    await gone.close();
    expect(await client(await balance([gone.address])).ended).toBe('');
  });

  it('ends a connection for both when one side breaks off', async () => {
    const a = await backend('a');
    const balancer = await balance([a.address]);
    const first = await named(balancer);
    first.socket.resetAndDestroy();
    await until(() => balancer.status()[0]!.connections === 0, 'the balancer lets go');
    const second = await named(balancer);
    for (const socket of a.connections) socket.resetAndDestroy();
    expect(await second.ended).toBe('a\n');
  });

  it('takes other backends at run time, and gives connections to the old ones time to end', async () => {
    const [a, b] = [await backend('a'), await backend('b')];
    const balancer = await balance([a.address], { drain: 200 });
    const old = await named(balancer);
    balancer.setBackends([b.address]);
    expect((await named(balancer)).name).toBe('b');
    expect(balancer.status().map(({ address }) => address)).toEqual([b.address]);
    old.socket.write('still there\n');
    await until(() => old.text().includes('still there'), 'the old connection works');
    expect(await old.ended).toBe('a\nstill there\n');
    expect(() => balancer.setBackends([])).toThrow('at least one backend');
    expect(() => balancer.setBackends(['10.0.0.1'])).toThrow('"10.0.0.1" is no address');
  });

  it('ends everything when it is told to', async () => {
    const a = await backend('a');
    const balancer = await balance([a.address]);
    const it = await named(balancer);
    await balancer.close();
    await it.ended;
    await until(() => a.connections.size === 0, 'the backend has no connection');
    await expect(new Promise((_, reject) => connect(balancer.address).once('error', reject))).rejects.toThrow(
      'ECONNREFUSED',
    );
  });

  it('says when its port is taken', async () => {
    const a = await backend('a');
    const port = Number(a.address.split(':')[1]);
    await expect(balance([a.address], { listen: { host: '127.0.0.1', port } })).rejects.toThrow('EADDRINUSE');
  });
});
