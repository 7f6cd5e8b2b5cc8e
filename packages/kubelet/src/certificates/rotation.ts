import type { Log } from '@coracle/process';
import type { Clock } from '../clock.ts';
import type { CertificateCounts } from './metrics.ts';
import type { CertificateTemplate } from './signing-request.ts';
import type { Certificate, CertificateStore } from './store.ts';
import { waiting } from './waiting.ts';

export interface RotationOptions {
  readonly store: CertificateStore;
  /** What the certificate is to say, as of now; undefined while that is not known. */
  template(): CertificateTemplate | undefined;
  /** Gets a new certificate; `current` is the one in force, expired or not. */
  request(template: CertificateTemplate, current: Certificate | undefined): Promise<Certificate>;
  /** Told of each certificate that comes into force. */
  renewed(certificate: Certificate): void;
  readonly counts: CertificateCounts;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const second = 1000;
/** Failed attempts are repeated after 2 s, doubled up to this. */
const longestRetry = 32 * second;
const firstRetry = 2 * second;
/** What the certificate has to say may change at any time (addresses): how often that is looked at. */
const lookEvery = second;
/** Timers cannot run for longer than 24 days. */
const longestSleep = 24 * 60 * 60 * second;

/** Keeps a certificate in force: gets the first, renews it at 70 to 90 % of its life, and when it no longer says what it should. */
export class Rotation {
  readonly #options: RotationOptions;
  #current: Certificate | undefined;
  #deadline = Number.NEGATIVE_INFINITY;

  /** `current` is in force until it is due; `renewNow` replaces it at once all the same. */
  constructor(options: RotationOptions, current: Certificate | undefined, renewNow = false) {
    this.#options = options;
    this.#take(current);
    if (renewNow) this.#deadline = Number.NEGATIVE_INFINITY;
  }

  /** The certificate in force; undefined before the first. */
  get current(): Certificate | undefined {
    return this.#current;
  }

  /** Renews until the signal is aborted; never rejects. */
  async run(): Promise<void> {
    const { log, signal, counts, clock, random } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      const template = this.#options.template();
      const wait = this.#untilDue(template);
      if (template === undefined || wait > 0) {
        await waiting(clock, Math.min(wait, template && isFixed(template) ? longestSleep : lookEvery), signal);
        continue;
      }
      try {
        log.info({}, 'Rotating certificates');
        await this.#renew(template);
        if (this.#untilDue(template) <= 0)
          throw new Error(
            'the new certificate is due already: do the clocks of this machine and of the signer differ?',
          );
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        counts.failed();
        const retryIn = Math.min(firstRetry * 2 ** failures++, longestRetry);
        log.error({ err: error, retryIn }, 'Failed to get a signed certificate, will retry');
        await waiting(clock, retryIn * (1 + 0.1 * random()), signal);
      }
    }
  }

  async #renew(template: CertificateTemplate): Promise<void> {
    const { store, request, renewed, counts, clock, log } = this.#options;
    const before = this.#current;
    const got = await store.update(await request(template, before), clock.now());
    this.#take(got);
    if (before) counts.replaced((clock.now() - before.notBefore) / second);
    log.info(
      { expiration: new Date(got.notAfter), rotation: new Date(this.#deadline) },
      'Certificate expiration and rotation deadline',
    );
    renewed(got);
  }

  #take(certificate: Certificate | undefined): void {
    this.#current = certificate;
    if (!certificate) return;
    this.#options.counts.inForce(certificate.notAfter);
    const life = certificate.notAfter - certificate.notBefore;
    this.#deadline = certificate.notBefore + life * (0.7 + 0.2 * this.#options.random());
  }

  #untilDue(template: CertificateTemplate | undefined): number {
    if (!this.#current || (template && !says(this.#current, template))) return 0;
    return this.#deadline - this.#options.clock.now();
  }
}

/** Whether the template never changes: that of client certificates, which hold no addresses. */
const isFixed = ({ dnsNames, ipAddresses }: CertificateTemplate): boolean => dnsNames.length + ipAddresses.length === 0;

/** Whether a certificate says all that the template asks for; it may say more. */
export function says({ leaf }: Certificate, template: CertificateTemplate): boolean {
  const subject = new Set(leaf.subject?.split('\n'));
  return (
    subject.has(`CN=${template.commonName}`) &&
    template.organizations.every((each) => subject.has(`O=${each}`)) &&
    template.dnsNames.every((each) => leaf.checkHost(each, { subject: 'never' }) !== undefined) &&
    template.ipAddresses.every((each) => leaf.checkIP(each) !== undefined)
  );
}
