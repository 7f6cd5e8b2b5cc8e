import { get } from 'node:http';

/** One request of a load, with its second attempt where there was one. Times are in milliseconds since 1970. */
export interface Request {
  start: number;
  end: number;
  /** Why the first attempt failed. */
  first?: string;
  /** Why the second failed too: what a client that retries once sees. */
  failed?: string;
}

/** How long an attempt may take, in milliseconds. */
const patience = 2000;

/** Clients that ask a URL all the time, each on new connections and with one retry. */
export class Load {
  readonly requests: Request[] = [];
  readonly #url: string;
  readonly #clients: Promise<void>[];
  #running = true;

  constructor(url: string, clients: number) {
    this.#url = url;
    this.#clients = Array.from({ length: clients }, () => this.#client());
  }

  /** The requests that began at or after a time, or within two. */
  between(from: number, to = Number.POSITIVE_INFINITY): Request[] {
    return this.requests.filter((it) => it.start >= from && it.start <= to);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  async #client(): Promise<void> {
    while (this.#running) {
      const start = Date.now();
      const first = await attempt(this.#url);
      const failed = first === undefined ? undefined : await attempt(this.#url);
      this.requests.push({ start, end: Date.now(), first, failed });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Asks once on a connection of its own; says what went wrong. */
function attempt(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: patience }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`));
      response.once('error', (error) => resolve(error.message));
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${patience} ms`)));
    request.once('error', (error) => resolve(error.message));
  });
}
