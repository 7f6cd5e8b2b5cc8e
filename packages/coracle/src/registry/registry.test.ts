import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mediaTypes } from '../images/oci.ts';
import { digestOf } from '../images/tree.ts';
import { fetchBlob } from './blobs.ts';
import { parseChallenges } from './challenge.ts';
import { credentialsFor } from './credentials.ts';
import { fetchManifest, parseManifest } from './manifests.ts';
import { Repository } from './registry.ts';

let folder: string;
let servers: Server[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-registry-'));
  servers = [];
});
afterEach(async () => {
  for (const it of servers) {
    it.closeAllConnections();
    await new Promise((resolve) => it.close(resolve));
  }
  rmSync(folder, { recursive: true, force: true });
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serverOf(handler: Handler): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const blob = Buffer.from('the content of a layer');
const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(blob), size: blob.length };
const repository = (host: string, authFile?: string) =>
  new Repository(host, 'x', { plainHttp: true, ...(authFile ? { authFile } : {}) });
const file = () => join(folder, 'blob');

describe('a blob', () => {
  it.each([
    ['has another digest', Buffer.from('the content of a lazer'), /sent something whose digest is sha256:\w+ and not/],
    ['is longer than announced', Buffer.concat([blob, blob]), /sends more of sha256:\w+ than its 22 bytes/],
    ['is shorter than announced', blob.subarray(0, 5), /ended after 5 of 22 bytes/],
  ])('that %s is refused, and nothing is kept', async (_, content, message) => {
    const host = await serverOf((_request, response) => response.end(content));
    await expect(fetchBlob(repository(host), descriptor, file())).rejects.toThrow(message);
    expect(existsSync(file())).toBe(false);
  });

  it('is fetched again when the connection breaks', async () => {
    let asked = 0;
    const host = await serverOf((_, response) => {
      asked += 1;
      if (asked > 1) return response.end(blob);
      response.writeHead(200, { 'Content-Length': blob.length });
      response.write(blob.subarray(0, 4), () => response.destroy());
      return undefined;
    });
    await fetchBlob(repository(host), descriptor, file());
    expect(asked).toBe(2);
  });

  it('is fetched again when the registry is overloaded, but not for ever', async () => {
    let asked = 0;
    const host = await serverOf((_, response) => {
      asked += 1;
      response.writeHead(503).end();
    });
    await expect(fetchBlob(repository(host), descriptor, file())).rejects.toThrow(
      `${host} answers 503 to GET /v2/x/blobs/`,
    );
    expect(asked).toBe(3);
  });
});

describe('tokens', () => {
  it('are fetched where the registry says, and not shown to the server it redirects to', async () => {
    const seen: Record<string, string | undefined> = {};
    const storage = await serverOf((request, response) => {
      seen['storage'] = request.headers.authorization;
      response.end(blob);
    });
    const tokens = await serverOf((request, response) => {
      seen['tokens'] = `${request.url} ${request.headers.authorization}`;
      response.end(JSON.stringify({ token: 'abc' }));
    });
    const host = await serverOf((request, response) => {
      if (request.headers.authorization === 'Bearer abc') {
        response.writeHead(307, { Location: `http://${storage}/elsewhere` }).end();
        return;
      }
      const challenge = `Bearer realm="http://${tokens}/token",service="the registry",scope="repository:x:pull"`;
      response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
    });
    const authFile = join(folder, 'auth.json');
    writeFileSync(authFile, JSON.stringify({ auths: { [host]: { username: 'dev', password: 'pw' } } }));
    await fetchBlob(repository(host, authFile), descriptor, file());
    expect(seen).toEqual({
      tokens: `/token?service=the+registry&scope=repository%3Ax%3Apull Basic ${btoa('dev:pw')}`,
      storage: undefined,
    });
  });

  it('that are refused are said to be', async () => {
    const host = await serverOf((request, response) => {
      if (request.url?.startsWith('/token')) response.writeHead(401).end();
      else response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="http://${host}/token"` }).end();
    });
    await expect(fetchBlob(repository(host), descriptor, file())).rejects.toThrow(
      `http://${host} gives no token for ${host} without credentials`,
    );
  });

  it.each([
    ['Basic realm="x"', [{ scheme: 'basic', parameters: { realm: 'x' } }]],
    [
      'Bearer realm="https://a/b",scope="c:d,e", Basic realm="q\\"x"',
      [
        { scheme: 'bearer', parameters: { realm: 'https://a/b', scope: 'c:d,e' } },
        { scheme: 'basic', parameters: { realm: 'q"x' } },
      ],
    ],
    ['', []],
    ['=broken', []],
  ])('are asked for by %j', (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });
});

describe('a manifest', () => {
  const config = { mediaType: mediaTypes.config, digest: digestOf('c'), size: 1 };
  const image = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [] }));
  const platform = (architecture: string) => ({ os: 'linux', architecture });
  const ours = process.arch === 'x64' ? 'amd64' : 'arm64';

  const serving = (contents: Record<string, [string, Buffer]>, headers: Record<string, string> = {}) =>
    serverOf((request, response) => {
      const [type, content] = contents[request.url!.split('/').at(-1)!] ?? [];
      if (!type) response.writeHead(404).end();
      else response.writeHead(200, { 'Content-Type': type, ...headers }).end(content);
    });

  it("of several platforms is followed to this machine's", async () => {
    const entry = { mediaType: mediaTypes.manifest, digest: digestOf(image), size: image.length };
    const other = { ...entry, digest: digestOf('other'), platform: platform('s390x') };
    const index = { schemaVersion: 2, manifests: [other, { ...entry, platform: platform(ours) }] };
    const host = await serving({
      v1: [mediaTypes.index, Buffer.from(JSON.stringify(index))],
      v2: [mediaTypes.index, Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [other] }))],
      [digestOf(image)]: [mediaTypes.manifest, image],
    });
    expect((await fetchManifest(repository(host), 'v1')).digest).toBe(digestOf(image));
    await expect(fetchManifest(repository(host), 'v2')).rejects.toThrow(`${host}/x:v2 is not there for linux/${ours}`);
  });

  it('whose digest is another than was said is refused', async () => {
    const host = await serving({ v1: [mediaTypes.manifest, image] }, { 'Docker-Content-Digest': digestOf('other') });
    await expect(fetchManifest(repository(host), 'v1')).rejects.toThrow(
      `the registry sent a manifest whose digest is ${digestOf(image)} and not ${digestOf('other')}`,
    );
  });

  it.each([
    ['text/html', '<html>', 'x is no image: its type is text/html'],
    [mediaTypes.manifest, '{', 'the manifest of x is not valid'],
    [mediaTypes.manifest, '{"schemaVersion": 2, "config": {"digest": "sha256:../../etc"}}', 'is no sha256 digest'],
  ])('of type %s that reads %s is refused', (type, content, message) => {
    expect(() => parseManifest(Buffer.from(content), type, 'x')).toThrow(message);
  });
});

describe('credentials', () => {
  const named = (content: unknown) => {
    const path = join(folder, 'config.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  it("are found in a file of Docker's format, whatever way the registry is written", () => {
    const path = named({
      auths: {
        'https://index.docker.io/v1/': { auth: btoa('a:b:c') },
        'quay.io': { identitytoken: 't' },
        'plain:5000': { username: 'u', password: 'p' },
      },
    });
    expect(credentialsFor('docker.io', path)).toEqual({ username: 'a', password: 'b:c' });
    expect(credentialsFor('quay.io', path)).toEqual({ identityToken: 't' });
    expect(credentialsFor('plain:5000', path)).toEqual({ username: 'u', password: 'p' });
    expect(credentialsFor('plain', path)).toBeUndefined();
  });

  it('that another program keeps, or that cannot be read, are refused without showing any', () => {
    expect(() => credentialsFor('quay.io', named({ credHelpers: { 'quay.io': 'pass' } }))).toThrow(
      'leaves the credentials of quay.io to docker-credential-pass, which is not supported',
    );
    const broken = (content: string) => {
      try {
        return credentialsFor('quay.io', named(content));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(broken('{"auths": {"quay.io": {"auth": "c2VjcmV0"}}}')).toMatch(/is not NAME:PASSWORD in base64$/);
    expect(broken('{"auths": secret')).toMatch(/config.json is no file of credentials: it is not JSON$/);
    expect(() => credentialsFor('quay.io', join(folder, 'none'))).toThrow('cannot be read');
  });
});
