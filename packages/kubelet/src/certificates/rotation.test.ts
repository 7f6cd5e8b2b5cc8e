import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, makeAuthority, makeRequest, signRequest } from '@coracle/process/pki';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { recordingLog } from '../testing/log.ts';
import { Rotation, says } from './rotation.ts';
import { servingTemplate } from './serving.ts';
import { type CertificateTemplate, nodeSubject } from './signing-request.ts';
import { CertificateStore, readPair } from './store.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const hour = 3_600_000;
let authority: Authority;
let folder: string;
let stop: AbortController;

beforeEach(async () => {
  authority = await makeAuthority({ commonName: 'ca', days: 36_500 });
  folder = mkdtempSync(join(tmpdir(), 'rotation-'));
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true });
});

async function issue(template: CertificateTemplate, now: number) {
  const { request, key } = await makeRequest(template);
  const certificate = await signRequest({
    authority,
    request,
    usages: ['client auth'],
    notBefore: new Date(now),
    notAfter: new Date(now + 10 * hour),
  });
  return readPair({ certificate, key });
}

/** A rotation of certificates that last ten hours and are due after eight, with a signer that fails while `broken` and is `late` (ms). */
async function rotating(first?: CertificateTemplate) {
  const clock = new FakeClock(start);
  const { log, lines } = recordingLog();
  const told = { renewed: 0, failed: 0, ages: [] as number[], broken: false, asked: 0, late: 0 };
  const node: { template: CertificateTemplate | undefined } = { template: nodeSubject('n1') };
  const rotation = new Rotation(
    {
      store: new CertificateStore(folder, 'kubelet-client', log),
      template: () => node.template,
      request: async (template) => {
        told.asked++;
        if (told.broken) throw new Error('nobody signs');
        return issue(template, clock.now() - told.late);
      },
      renewed: () => void told.renewed++,
      counts: {
        inForce: () => undefined,
        replaced: (seconds) => void told.ages.push(seconds),
        failed: () => void told.failed++,
      },
      clock,
      random: () => 0.5,
      log,
      signal: stop.signal,
    },
    first && (await issue(first, start)),
  );
  const ended = rotation.run();
  /** Lets time pass; work that it started has ended when this returns. */
  const pass = async (ms: number) => {
    await eventually('the rotation waits', () => clock.waitedFor);
    await clock.pass(ms / 1000);
    await eventually('the rotation waits again', () => clock.waitedFor);
  };
  return { rotation, clock, told, node, lines, pass, ended };
}

describe('rotation', () => {
  it('gets the first certificate at once', async () => {
    const { rotation, told } = await rotating();
    await eventually('the first certificate', () => told.renewed === 1);
    expect(says(rotation.current!, nodeSubject('n1'))).toBe(true);
    expect(told.ages).toEqual([]);
  });

  it('renews between 70 and 90 % of the life, and again', async () => {
    const { rotation, told, pass } = await rotating(nodeSubject('n1'));
    const first = rotation.current!;
    await pass(8 * hour - 1000);
    expect(told.renewed).toBe(0);
    await pass(1000);
    expect(told.renewed).toBe(1);
    expect(rotation.current!.notBefore).toBe(first.notBefore + 8 * hour);
    expect(rotation.current!.key).not.toBe(first.key);
    await pass(8 * hour);
    expect(told.renewed).toBe(2);
    expect(told.ages).toEqual([8 * 3600, 8 * 3600]);
  });

  it('tries again, more and more seldom, until somebody signs; the certificate in force stays', async () => {
    const { rotation, told, pass, lines } = await rotating(nodeSubject('n1'));
    const first = rotation.current!;
    told.broken = true;
    await pass(8 * hour);
    expect(told.asked).toBe(1);
    for (const [seconds, asked] of [
      [2.1, 2],
      [4.2, 3],
      [8.4, 4],
      [16.8, 5],
      [33.6, 6],
      [33.6, 7],
    ] as const) {
      await pass(seconds * 1000);
      expect(told.asked).toBe(asked);
    }
    expect(rotation.current).toBe(first);
    expect(told.failed).toBe(7);
    expect(lines.filter((each) => each.level === 'error').map((each) => each.details['retryIn'])).toEqual([
      2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000,
    ]);
    told.broken = false;
    await pass(34_000);
    expect(told.renewed).toBe(1);
  });

  it('renews at once when the certificate is another node’s', async () => {
    const { rotation, told } = await rotating(nodeSubject('n2'));
    await eventually('a certificate of its own', () => told.renewed === 1);
    expect(says(rotation.current!, nodeSubject('n1'))).toBe(true);
  });

  it('waits for addresses, and renews when there is one more, not when one is gone', async () => {
    const { rotation, told, node, pass } = await rotating();
    node.template = undefined;
    await eventually('the first certificate', () => told.renewed === 1);
    const on = (...addresses: string[]) =>
      servingTemplate(
        'n1',
        addresses.map((address) => ({ type: 'InternalIP', address })),
      );
    node.template = on('10.0.0.1');
    await pass(1000);
    const before = told.renewed;
    expect(before).toBe(2);
    node.template = on('10.0.0.1', 'fd00::1');
    await pass(1000);
    expect(told.renewed).toBe(before + 1);
    expect(says(rotation.current!, on('fd00::1')!)).toBe(true);
    node.template = on('fd00::1');
    await pass(1000);
    expect(told.renewed).toBe(before + 1);
  });

  it('does not ask on and on where the clock of the signer is far behind', async () => {
    const { told, pass, lines, clock } = await rotating(nodeSubject('n1'));
    await eventually('the rotation waits', () => clock.waitedFor);
    told.late = 9 * hour;
    await pass(8 * hour);
    expect(told.renewed).toBe(1);
    expect(lines.at(-1)).toMatchObject({ level: 'error', details: { retryIn: 2000 } });
    await pass(1000);
    expect(told.renewed).toBe(1);
  });

  it('ends with its signal', async () => {
    const { ended } = await rotating(nodeSubject('n1'));
    stop.abort();
    await ended;
  });
});

describe('a serving certificate', () => {
  it('names what the node is reached by, and is not asked for before that is known', () => {
    expect(servingTemplate('n1', [])).toBeUndefined();
    expect(
      servingTemplate('n1', [
        { type: 'InternalIP', address: '10.0.0.2' },
        { type: 'ExternalIP', address: '192.0.2.1' },
        { type: 'Hostname', address: 'n1' },
        { type: 'InternalDNS', address: 'n1.internal' },
      ]),
    ).toEqual({
      commonName: 'system:node:n1',
      organizations: ['system:nodes'],
      dnsNames: ['n1', 'n1.internal'],
      ipAddresses: ['10.0.0.2', '192.0.2.1'],
    });
    expect(servingTemplate('n1', [{ type: 'Hostname', address: '10.0.0.2' }])).toMatchObject({
      dnsNames: [],
      ipAddresses: ['10.0.0.2'],
    });
  });
});
