import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { delegatedAccessFlags, leaderElectionFlags, servingFlags } from './component-flags.ts';
import { accessOf, changedElectionOf, electionOf, servingOf } from './component-options.ts';
import { defineFlags } from './flags.ts';

const flags = defineFlags({
  ...servingFlags({ port: 10257 }),
  ...delegatedAccessFlags(),
  ...leaderElectionFlags({ resourceName: 'manager' }),
});
const parsed = (...argv: string[]) => flags.parse(argv);

describe('leader election', () => {
  it('has upstream defaults under the name of the component', () => {
    expect(electionOf(parsed().values)).toEqual({
      leaderElect: true,
      leaseDuration: 15_000,
      renewDeadline: 10_000,
      retryPeriod: 2_000,
      resourceName: 'manager',
      resourceNamespace: 'kube-system',
    });
  });

  it('overrides a file only with what stands on the command line', () => {
    const { values, changed } = parsed('--leader-elect=false', '--leader-elect-retry-period=1s');
    expect(changedElectionOf(values, changed)).toEqual({ leaderElect: false, retryPeriod: 1_000 });
  });
});

describe('serving', () => {
  it('makes its own certificate where none is named', () => {
    expect(servingOf(parsed().values)).toEqual({
      port: 10257,
      bindAddress: '0.0.0.0',
      tls: { certFile: '', keyFile: '', named: [], limits: { minVersion: 'TLSv1.2' } },
    });
  });

  it('serves with the files named', () => {
    const { values } = parsed('--tls-cert-file=a.crt', '--tls-private-key-file=a.key', '--bind-address=::1');
    expect(servingOf(values)).toEqual({
      port: 10257,
      bindAddress: '::1',
      tls: { certFile: 'a.crt', keyFile: 'a.key', named: [], limits: { minVersion: 'TLSv1.2' } },
    });
  });
});

describe('delegated access', () => {
  let folder: string;
  const servers: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'options-'));
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((close) => close()));
    rmSync(folder, { recursive: true });
  });

  /** A kubeconfig file for a server that allows everything and tells its name in the user of every token. */
  async function reviewer(name: string): Promise<{ file: string; asked: string[] }> {
    const asked: string[] = [];
    const answer: RequestListener = (request, response) => {
      asked.push(request.url ?? '');
      const status = request.url?.includes('tokenreviews')
        ? { authenticated: true, user: { username: name } }
        : { allowed: true };
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ metadata: {}, status }));
    };
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    const file = join(folder, name);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: url } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: '' } }],
        'current-context': 'x',
      }),
    );
    return { file, asked };
  }

  const request = { headers: { authorization: 'Bearer t' }, socket: {} } as IncomingMessage;
  const reading = { nonResourceAttributes: { path: '/metrics', verb: 'get' } };

  it('is not there without a kubeconfig file', () => {
    expect(accessOf(parsed().values, 'test')).toBeUndefined();
  });

  it.each(['authentication', 'authorization'])('asks both questions where only --%s-kubeconfig says', async (which) => {
    const { file, asked } = await reviewer('only');
    const access = accessOf(parsed(`--${which}-kubeconfig=${file}`).values, 'test')!;
    const user = await access.authenticate(request);
    expect(user).toMatchObject({ name: 'only' });
    expect(await access.authorize(user!, reading)).toBe(true);
    expect(asked).toHaveLength(2);
  });

  it('asks each server its own question where two are named', async () => {
    const [tokens, decisions] = [await reviewer('tokens'), await reviewer('decisions')];
    const { values } = parsed(
      `--authentication-kubeconfig=${tokens.file}`,
      `--authorization-kubeconfig=${decisions.file}`,
    );
    const access = accessOf(values, 'test')!;
    const user = await access.authenticate(request);
    expect(user).toMatchObject({ name: 'tokens' });
    expect(await access.authorize(user!, reading)).toBe(true);
    expect(tokens.asked).toEqual([expect.stringContaining('tokenreviews')]);
    expect(decisions.asked).toEqual([expect.stringContaining('subjectaccessreviews')]);
  });
});
