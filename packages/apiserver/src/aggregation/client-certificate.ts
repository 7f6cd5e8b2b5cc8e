import { readFileSync } from 'node:fs';

/** How often (ms) the files are looked at: certificates are renewed in place. */
const period = 60_000;

/** A certificate with its key, PEM. */
export interface CertificateAndKey {
  readonly cert?: string;
  readonly key?: string;
}

/** What this server shows to extension servers, so that they believe whom it names: --proxy-client-cert-file and --proxy-client-key-file. */
export class ProxyClientCertificate {
  readonly #files: { readonly cert: string; readonly key: string };
  readonly #timer: NodeJS.Timeout | undefined;
  #now: CertificateAndKey = {};

  /** Empty file names: none is shown. Throws where the files cannot be read. */
  constructor(files: { cert: string; key: string }, log: { warn(details: object, message: string): void }) {
    this.#files = files;
    if (files.cert === '' || files.key === '') return;
    this.#read();
    this.#timer = setInterval(() => {
      try {
        this.#read();
      } catch (error) {
        log.warn({ err: error }, 'Cannot read the proxy client certificate');
      }
    }, period).unref();
  }

  #read(): void {
    this.#now = { cert: readFileSync(this.#files.cert, 'utf8'), key: readFileSync(this.#files.key, 'utf8') };
  }

  get now(): CertificateAndKey {
    return this.#now;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
