import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as endpointSliceKind } from '@coracle/api/discovery/v1/endpointslice';
import { startApiServer } from '@coracle/apiserver/testing';
import { type Client, Informers } from '@coracle/client';
import type { RecordType } from 'dns-packet';
import { Responder } from '../server/responder.ts';
import { AnswerCache } from '../upstream/cache.ts';
import { Forwarder } from '../upstream/forwarder.ts';
import type { ServerAddress } from '../upstream/resolv-conf.ts';
import { UpstreamServer } from '../upstream/server.ts';
import { watchedDirectory } from '../zone/directory.ts';
import { Zone, type ZoneOptions } from '../zone/zone.ts';
import { query, type Told, told } from './answers.ts';

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestResponder {
  client: Client;
  responder: Responder;
  ask(name: string, type: RecordType, options?: Parameters<typeof query>[2]): Promise<Told>;
  /** Settles when the answers follow everything written so far. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

export interface TestResponderOptions extends Partial<ZoneOptions> {
  servers?: readonly ServerAddress[];
  /** Whether the API server's state is followed from the start; true by default. */
  follow?: boolean;
}

/** A forwarder to the given servers that counts nothing. */
export function testForwarder(
  servers: readonly ServerAddress[],
  options: Partial<{ timeout: number; maxConcurrent: number }> = {},
) {
  const made = servers.map((each) => new UpstreamServer(each, { changed() {}, checkFailed() {} }));
  const now = () => performance.now();
  const forwarder = new Forwarder({
    servers: made,
    cache: new AnswerCache({ entries: 100, bytes: 1_000_000 }, now),
    longest: 30,
    maxConcurrent: options.maxConcurrent ?? 100,
    timeout: options.timeout ?? 2_000,
    metrics: { exchanged() {}, cacheHit() {}, cacheMissed() {}, rejected() {}, allDown() {} },
    now,
  });
  const close = (): void => {
    for (const each of made) each.close();
  };
  return { forwarder, servers: made, close };
}

/** The part that answers, over a real API server in this process, without sockets of its own. */
export async function testResponder(options: TestResponderOptions = {}): Promise<TestResponder> {
  const api = await startApiServer();
  const stop = new AbortController();
  const informers = new Informers(api.client, { signal: stop.signal, log: silentLog });
  const directory = watchedDirectory(informers, {
    pods: options.pods === 'verified',
    changed: () => responder.changed(),
  });
  const zone = new Zone(directory, { domain: 'cluster.local', ttl: 5, pods: 'insecure', ...options });
  const upstream = testForwarder(options.servers ?? []);
  const responder = new Responder({
    zone,
    complete: () => directory.complete,
    forwarder: upstream.forwarder,
    longest: 30,
    now: () => performance.now(),
  });
  if (options.follow ?? true) await informers.start();
  const kinds = [serviceKind, endpointSliceKind, namespaceKind, ...(options.pods === 'verified' ? [podKind] : [])];
  return {
    client: api.client,
    responder,
    async ask(name, type, given) {
      const answer = await responder.respond(query(name, type, given), 'udp');
      if (!answer) throw new Error('no reply at all');
      return told(answer.message);
    },
    async caughtUp() {
      const until = Date.now() + 20_000;
      for (const kind of kinds) {
        const { items } = await api.client.list<never>(kind as never);
        const versions = (list: { metadata: { resourceVersion?: string } }[]): string =>
          list
            .map((each) => each.metadata.resourceVersion)
            .sort()
            .join();
        while (versions(informers.of(kind as never).lister.list()) !== versions(items)) {
          if (Date.now() > until) throw new Error(`the watch of ${kind.plural} did not catch up`);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    },
    async close() {
      stop.abort(new Error('the test ends'));
      upstream.close();
      await api.close();
    },
  };
}
