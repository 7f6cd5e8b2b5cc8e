import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compressedLayer, plainLayer } from '../images/layer.ts';
import { unpackArchive } from '../images/local.ts';
import { ociArchive } from '../images/oci.ts';
import { pullToCache } from '../images/pulled.ts';
import { type Tree, text } from '../images/tree.ts';
import { startRegistry, type TestRegistry } from '../testing/registry.ts';
import { pullImage, pushImage, remoteImage } from './transfer.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-transfer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shared: Tree = new Map([['etc/base', text('the same in all')]]);

/** The archive of an image of two layers, one of them in every image. */
async function archiveOf(content: string): Promise<{ file: string; digest: string }> {
  const layers = [await compressedLayer(shared), await plainLayer(new Map([['etc/own', text(content)]]))];
  const { archive, digest } = await ociArchive(['coracle.local/x:1', 'coracle.local/x:latest'], 'x64', layers, {});
  const file = join(mkdtempSync(join(folder, 'archive-')), 'x.tar');
  writeFileSync(file, archive);
  return { file, digest };
}

const unpack = async (content: string) => {
  const { file, digest } = await archiveOf(content);
  return { image: await unpackArchive(file, mkdtempSync(join(folder, 'image-'))), digest };
};
const emptyFolder = () => mkdtempSync(join(folder, 'pulled-'));

const remoteDigest = async (...args: Parameters<typeof remoteImage>) => (await remoteImage(...args)).manifest.digest;

describe("a registry (Debian's docker-registry)", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.close());
  const plain = { plainHttp: true };

  it('takes an image and gives it back with the same digest', async () => {
    const { image, digest } = await unpack('one');
    const name = `${registry.host}/some/path/x:1`;
    expect(await pushImage(image, name, plain)).toEqual({ sent: 3, present: 0 });
    expect(await remoteDigest(name, plain)).toBe(digest);
    const pulled = await pullImage(name, emptyFolder(), plain);
    expect(pulled.manifest.digest).toBe(digest);
    expect(readdirSync(join(pulled.folder, 'blobs/sha256')).sort()).toEqual(
      [pulled.manifest.config, ...pulled.manifest.layers].map((it) => it.digest.slice(7)).sort(),
    );
    const byDigest = await pullImage(`${registry.host}/some/path/x@${digest}`, emptyFolder(), plain);
    expect(byDigest.manifest.digest).toBe(digest);
  });

  it('is sent only what it lacks', async () => {
    await pushImage((await unpack('two')).image, `${registry.host}/y:1`, plain);
    expect(await pushImage((await unpack('three')).image, `${registry.host}/y:2`, plain)).toEqual({
      sent: 2,
      present: 1,
    });
    expect(await pushImage((await unpack('three')).image, `${registry.host}/y:3`, plain)).toEqual({
      sent: 0,
      present: 3,
    });
  });

  it('is kept from as an archive that is the image again', async () => {
    const { image, digest } = await unpack('four');
    await pushImage(image, `${registry.host}/z:1`, plain);
    const { archive, ...rest } = await pullToCache(`${registry.host}/z:1`, plain, folder);
    expect(rest).toMatchObject({ reference: `${registry.host}/z:1`, digest });
    expect((await unpackArchive(archive, emptyFolder())).manifest.digest).toBe(digest);
  });

  it('says what it does not have', async () => {
    await expect(pullImage(`${registry.host}/none:1`, emptyFolder(), plain)).rejects.toThrow(
      `there is no ${registry.host}/none:1`,
    );
  });

  it('that speaks plain http is not spoken to in secret, and how to is said', async () => {
    await expect(pullImage(`${registry.host}/x:1`, emptyFolder(), {})).rejects.toMatchObject({
      next: 'Does it speak plain http? Then say --plain-http.',
    });
  });
});

describe('a registry with https and passwords', () => {
  const password = 's3cret:x';
  const htpasswd = 'dev:$2b$04$BOwPc0s9cuIAUdp0jQbSYOoS1gy.easgFszweI4uAny5a/RvSANQW\n'; // of that password
  let registry: TestRegistry;
  let authority: Awaited<ReturnType<typeof makeAuthority>>;
  beforeAll(async () => {
    authority = await makeAuthority({ commonName: 'test', days: 1 });
    const tls = await issueCertificate({
      authority,
      commonName: 'registry',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      days: 1,
    });
    registry = await startRegistry({ tls, htpasswd });
  });
  afterAll(() => registry.close());

  const options = (given = password) => {
    const [authorityFile, authFile] = [join(folder, 'ca.crt'), join(folder, 'config.json')];
    writeFileSync(authorityFile, authority.certificate);
    const auth = Buffer.from(`dev:${given}`).toString('base64');
    writeFileSync(authFile, JSON.stringify({ auths: { [`https://${registry.host}/v2/`]: { auth } } }));
    return { authorityFile, authFile };
  };

  it('lets in who has one', async () => {
    const { image, digest } = await unpack('five');
    await pushImage(image, `${registry.host}/x:1`, options());
    expect(await remoteDigest(`${registry.host}/x:1`, options())).toBe(digest);
  });

  it('keeps others out', async () => {
    const { authorityFile } = options();
    const nobody = join(folder, 'nobody.json');
    writeFileSync(nobody, '{"auths": {}}');
    await expect(remoteDigest(`${registry.host}/x:1`, { authorityFile, authFile: nobody })).rejects.toMatchObject({
      message: `${registry.host} wants a name and a password`,
      next: "Put them into Docker's config.json, or name such a file with --authfile.",
    });
    await expect(remoteDigest(`${registry.host}/x:1`, options('wrong'))).rejects.toThrow(
      `${registry.host} does not allow GET /v2/x/manifests/1 with these credentials`,
    );
  });

  it('is refused when nobody we know has signed its certificate', async () => {
    const { authFile } = options();
    await expect(remoteDigest(`${registry.host}/x:1`, { authFile })).rejects.toMatchObject({
      next: "--ca-file names the certificate that the registry's is signed by.",
    });
  });

  it('gets no password over a connection that is not encrypted, unless it is on this machine', async () => {
    const authFile = join(folder, 'far.json');
    writeFileSync(authFile, JSON.stringify({ auths: { 'registry.example:5000': { username: 'a', password: 'b' } } }));
    await expect(remoteDigest('registry.example:5000/x:1', { plainHttp: true, authFile })).rejects.toThrow(
      'there are credentials for registry.example:5000, which are not sent over a connection without encryption',
    );
    expect(readFileSync(authFile, 'utf8')).toContain('"b"');
  });
});
