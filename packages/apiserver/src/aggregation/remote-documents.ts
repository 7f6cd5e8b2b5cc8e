import { encodeJson } from '@coracle/api/codec/json';
import type { APIVersionDiscovery } from '@coracle/api/types/apidiscovery/v2';
import { KeyedWork, type Told } from '../keyed-work.ts';
import { mergeV2 } from '../openapi/merge-v2.ts';
import type { Json } from '../openapi/schemas.ts';
import { type Prepared, prepared } from '../openapi/service.ts';
import { v3OfV2 } from '../openapi/v3-of-v2.ts';
import type { ServiceResolver } from '../webhooks/service-resolver.ts';
import { ask } from './ask.ts';
import type { CertificateAndKey } from './client-certificate.ts';
import { discoverRemote, type Get } from './remote-discovery.ts';
import type { RemoteServer } from './remote-server.ts';

/** How often (ms) extension servers are asked again. */
const period = 60_000;
const timeout = 5_000;

/** What asking for documents needs of the server. */
export interface DocumentsOptions {
  /** The server an APIService names now; undefined where it is a local one, or gone. */
  readonly remote: (name: string) => RemoteServer | undefined;
  readonly resolve: ServiceResolver;
  readonly shown: () => CertificateAndKey;
  readonly told: Told;
}

/** What is known of one group-version. */
interface Known {
  /** The last that the server said. */
  readonly discovery: APIVersionDiscovery;
  readonly openApi: OpenApiV3 | undefined;
}

/** The OpenAPI v3 document of a group-version. */
export interface OpenApiV3 {
  /** Where it is, with a hash. */
  readonly place: string;
  /** The document itself, where the server has v2 alone. */
  readonly made?: Prepared;
}

/**
 * What extension servers say of themselves: discovery and the places of OpenAPI documents, read when an APIService changes and every minute; OpenAPI v2
 * only when somebody asks.
 */
export class RemoteDocuments {
  readonly #options: DocumentsOptions;
  readonly #work: KeyedWork;
  readonly #known = new Map<string, Known>();
  readonly #v2 = new Map<string, { etag: string | undefined; document: Json }>();
  readonly #stop = new AbortController();
  #merged: { until: number; documents: Promise<readonly RemoteV2[]> } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DocumentsOptions) {
    this.#options = options;
    this.#work = new KeyedWork({
      name: 'discovery-manager',
      workers: 2,
      work: (name, signal) => this.#read(name, signal),
      failed: 'An extension server does not say what it serves; trying again',
      told: options.told,
    });
  }

  start(names: () => Iterable<string>): void {
    this.#timer = setInterval(() => {
      for (const name of names()) this.#work.add(name);
    }, period).unref();
    this.#work.start();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#timer);
    await this.#work.stop();
  }

  /** The APIService has changed: whom it names, or whether that can be reached. */
  changed(name: string): void {
    this.#merged = undefined;
    this.#work.add(name);
  }

  /** What discovery says of a group-version: the last that is known, marked as stale while its server cannot be reached. */
  discovery({ name, version, available }: RemoteServer): APIVersionDiscovery {
    const known = this.#known.get(name)?.discovery;
    return known && available ? known : { ...known, version, freshness: 'Stale' };
  }

  /** A group-version's OpenAPI v3 document; undefined: there is none. */
  openApi({ name }: RemoteServer): OpenApiV3 | undefined {
    return this.#known.get(name)?.openApi;
  }

  /** The OpenAPI v2 documents of other servers, read anew once a minute; of those that cannot be reached, what they said last. */
  async openApiV2(remotes: readonly RemoteServer[]): Promise<readonly RemoteV2[]> {
    if (!this.#merged || this.#merged.until < Date.now()) {
      const documents = Promise.all(remotes.map((each) => (each.available ? this.#readV2(each) : this.#lastV2(each))));
      this.#merged = {
        until: Date.now() + period,
        documents: documents.then((all) => all.filter((each) => each !== undefined)),
      };
    }
    return this.#merged.documents;
  }

  async #read(name: string, signal: AbortSignal): Promise<void> {
    const remote = this.#options.remote(name);
    if (!remote) {
      this.#known.delete(name);
      this.#v2.delete(name);
      return;
    }
    // It is looked at again when it is back.
    if (!remote.available) return;
    const get = this.#get(remote, signal);
    const discovery = await discoverRemote(remote, get);
    this.#known.set(name, { discovery, openApi: await this.#openApiV3(remote, get) });
  }

  /** As the server's index says; made of its v2 document where it has no index. */
  async #openApiV3(remote: RemoteServer, get: Get): Promise<OpenApiV3 | undefined> {
    const { code, body } = await get('/openapi/v3', { Accept: 'application/json' });
    if (code === 200) return placeIn(body, remote);
    const v2 = code === 404 ? await this.#readV2(remote) : undefined;
    if (!v2) return undefined;
    const own = mergeV2({ ...v2.document, paths: {}, definitions: {} }, [v2]);
    const made = prepared(Buffer.from(encodeJson(v3OfV2(own))));
    return { place: `/openapi/v3/apis/${remote.apiVersion}?hash=${made.hash}`, made };
  }

  async #readV2(remote: RemoteServer): Promise<RemoteV2 | undefined> {
    const { name } = remote;
    const before = this.#v2.get(name);
    try {
      const again: Record<string, string> = before?.etag ? { 'If-None-Match': before.etag } : {};
      const { code, headers, body } = await this.#get(remote, this.#stop.signal)('/openapi/v2', {
        Accept: 'application/json',
        ...again,
      });
      if (code === 200) this.#v2.set(name, { etag: headers.etag, document: JSON.parse(body.toString('utf8')) as Json });
      else if (code === 404) this.#v2.delete(name);
      else if (code !== 304) throw new Error(`code ${code}`);
    } catch (error) {
      this.#options.told.log.warn(
        { reason: (error as Error).message, apiService: name },
        'Cannot read the OpenAPI v2 document of an extension server',
      );
    }
    return this.#lastV2(remote);
  }

  #lastV2(remote: RemoteServer): RemoteV2 | undefined {
    const last = this.#v2.get(remote.name);
    return last && { remote, document: last.document };
  }

  #get(remote: RemoteServer, signal: AbortSignal): Get {
    const { resolve, shown } = this.#options;
    const { namespace, name, port } = remote.service;
    return async (path, headers) =>
      ask(remote, resolve(namespace, name, port), shown(), { path, headers, timeout, signal });
  }
}

/** An extension server's OpenAPI v2 document. */
export interface RemoteV2 {
  readonly remote: RemoteServer;
  readonly document: Json;
}

/** Where the server's index of OpenAPI v3 documents has that of the group-version; undefined where it has none. */
function placeIn(body: Buffer, { apiVersion }: RemoteServer): OpenApiV3 | undefined {
  const { paths } = JSON.parse(body.toString('utf8')) as { paths?: Record<string, { serverRelativeURL?: string }> };
  const place = paths?.[`apis/${apiVersion}`]?.serverRelativeURL;
  // Only a place of its own: whatever else it names is not its to say.
  return place?.startsWith(`/openapi/v3/apis/${apiVersion}`) ? { place } : undefined;
}
