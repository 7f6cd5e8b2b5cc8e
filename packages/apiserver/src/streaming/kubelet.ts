import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { notFoundError, StatusError } from '@coracle/api/meta/status';
import type { ObjectAccess } from '../registry/access.ts';
import { askUpgrade, authorityOf, type UpgradeAnswer } from './ask-upgrade.ts';
import { Attempt } from './attempt.ts';

/** How kubelets are reached: flags `--kubelet-*`. Certificates in PEM. */
export interface KubeletOptions {
  readonly certificate?: string;
  readonly key?: string;
  /** Without it kubelets' certificates are not checked, as upstream does not. */
  readonly authority?: string;
  /** `--kubelet-preferred-address-types`. */
  readonly addressTypes: readonly string[];
}

/** Where a node's kubelet serves. */
export interface KubeletPlace {
  readonly host: string;
  readonly port: number;
}

const defaultPort = 10_250;

/** Requests to kubelets, over TLS with the API server's client certificate. */
export class KubeletClient {
  readonly #options: KubeletOptions;
  readonly #agent: Agent;

  constructor(options: KubeletOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: 8 });
  }

  /** Where the kubelet of a node is. Throws when the node is not there or has no address of a wanted type. */
  async locate(objects: ObjectAccess, nodeName: string): Promise<KubeletPlace> {
    const node = await objects.lookUp(nodeKind, nodeName);
    if (!node) throw notFoundError({ group: '', resource: 'nodes' }, nodeName);
    const addresses = node.status?.addresses ?? [];
    for (const type of this.#options.addressTypes) {
      const found = addresses.find((each) => each.type === type && each.address);
      if (!found) continue;
      return { host: found.address, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || defaultPort };
    }
    throw plainFailure(`no preferred addresses found; known addresses: ${describe(addresses)}`);
  }

  /** GET of a path; resolves with the response whatever its status. `insecure` skips the check of the kubelet's certificate. */
  get(
    place: KubeletPlace,
    path: string,
    options: { signal: AbortSignal; insecure?: boolean },
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { signal, insecure = false } = options;
      const outgoing = request({ ...place, ...this.tls(insecure), path, agent: this.#agent, signal });
      const attempt = new Attempt(outgoing, { ...place, secure: true });
      outgoing.once('response', resolve);
      outgoing.once('error', (error) =>
        reject(signal.aborted ? signal.reason : unanswered(urlOf(place, path), attempt, error)),
      );
      outgoing.end();
    });
  }

  /**
   * Asks to upgrade a connection of its own to what `headers` say. `headers` are name and value in turn. Rejects, where there is no answer, with what
   * `failure` makes of the reason, as Go words it.
   */
  upgrade(
    place: KubeletPlace,
    wish: { method: string; path: string; headers: readonly string[] },
    signal: AbortSignal,
    failure?: (why: string) => Error,
  ): Promise<UpgradeAnswer> {
    const { method, path } = wish;
    const headers = ['Host', authorityOf(place), ...wish.headers];
    const outgoing = request({ ...place, ...this.tls(), method, path, headers, agent: false });
    const attempt = new Attempt(outgoing, { ...place, secure: true });
    return askUpgrade(outgoing, signal, (error) =>
      failure ? failure(attempt.unanswered(error)) : plainFailure(attempt.notUpgraded(error)),
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The certificate to show to kubelets, and the check of theirs. */
  tls(insecure = false): RequestOptions {
    const { certificate, key, authority } = this.#options;
    return {
      ...(certificate ? { cert: certificate } : {}),
      ...(key ? { key } : {}),
      ...(authority ? { ca: authority } : {}),
      rejectUnauthorized: authority !== undefined && !insecure,
    };
  }
}

const urlOf = (place: KubeletPlace, path: string): URL => new URL(`https://${authorityOf(place)}${path}`);

/** A kubelet that does not answer is the cluster's trouble, not the client's. */
function unanswered(url: URL, attempt: Attempt, error: NodeJS.ErrnoException): StatusError {
  const Failure = /CERT|SIGNATURE/.test(error.code ?? '') ? UntrustedKubelet : StatusError;
  return plainFailure(`Get ${JSON.stringify(url)}: ${attempt.unanswered(error)}`, Failure);
}

/** 500 without a reason: what is no Status of its own is shown so. */
function plainFailure(message: string, Failure = StatusError): StatusError {
  return new Failure({ code: 500, reason: '', message });
}

/** A kubelet's certificate is of no authority that counts, or of another name. */
export class UntrustedKubelet extends StatusError {}

function describe(addresses: readonly { type: string; address: string }[]): string {
  return `[${addresses.map(({ type, address }) => `{${type} ${address}}`).join(' ')}]`;
}
