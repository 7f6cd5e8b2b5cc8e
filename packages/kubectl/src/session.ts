import { parseDuration } from '@coracle/api/meta/time';
import { CommandFailure } from './cli/failure.ts';
import type { Flags } from './cli/flags.ts';
import type { Terminal } from './cli/terminal.ts';
import type { Kubeconfig } from './kubeconfig/config.ts';
import { chosenNamespace, connectionOf } from './kubeconfig/connection.ts';
import { type Locations, loadMerged, locate } from './kubeconfig/files.ts';
import { discover } from './resources/discovery.ts';
import { Mapper } from './resources/mapper.ts';
import { Rest } from './rest/rest.ts';

/** What one call of a command knows of the cluster; each part is made on first use. */
export class Session {
  readonly #flags: Flags;
  readonly #terminal: Terminal;
  #config: Kubeconfig | undefined;
  #rest: Rest | undefined;
  #mapper: Promise<Mapper> | undefined;

  constructor(flags: Flags, terminal: Terminal) {
    this.#flags = flags;
    this.#terminal = terminal;
  }

  /** Which kubeconfig files are in use. */
  get locations(): Locations {
    return locate(this.#flags.string('kubeconfig'), this.#terminal);
  }

  /** The kubeconfig as `config` commands take it: files that are not there yet are empty. */
  get startingConfig(): Kubeconfig {
    return loadMerged({ ...this.locations, explicit: false }, '');
  }

  get kubeconfig(): Kubeconfig {
    this.#config ??= loadMerged(this.locations, this.#flags.string('kubeconfig'));
    return this.#config;
  }

  /** The namespace to work in, and whether --namespace set it. */
  namespace(): { namespace: string; explicit: boolean } {
    return chosenNamespace(this.kubeconfig, this.#flags);
  }

  get rest(): Rest {
    this.#rest ??= new Rest(connectionOf(this.kubeconfig, this.#flags, this.#terminal), {
      stderr: this.#terminal.stderr,
      verbosity: this.#flags.int('v'),
      timeoutMs: requestTimeout(this.#flags.string('request-timeout')),
    });
    return this.#rest;
  }

  /** The server's resources. */
  mapper(): Promise<Mapper> {
    this.#mapper ??= discover(this.rest).then((discovered) => new Mapper(discovered));
    return this.#mapper;
  }

  /** How many different warnings the server sent. */
  get warned(): number {
    return this.#rest?.warnings ?? 0;
  }

  close(): void {
    this.#rest?.close();
    this.#rest = undefined;
  }
}

/** --request-timeout in milliseconds; a bare number is seconds. */
function requestTimeout(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text) * 1000;
  try {
    return parseDuration(text);
  } catch {
    throw new CommandFailure(
      'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)',
    );
  }
}
