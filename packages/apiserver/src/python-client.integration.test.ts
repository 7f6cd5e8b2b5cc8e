import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiServer, type TestServer } from './testing.ts';

const program = fileURLToPath(new URL('./testing/python-client.py', import.meta.url));

/** What the program printed, run by the system's own Python, for which Debian's packages are. Rejects with what went wrong in it. */
function run(url: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    execFile('/usr/bin/python3', [program, url], (error, stdout, stderr) => {
      if (!error) resolve(JSON.parse(stdout));
      else if (/No module named 'kubernetes'|ENOENT/.test(`${stderr}${error.message}`)) {
        reject(
          new Error("the Kubernetes project's client for Python is not there: install it (Debian: python3-kubernetes)"),
        );
      } else reject(new Error(stderr || error.message));
    });
  });
}

/** Debian's package is of 2022: a client that is older than much of what the server does. */
describe("the Kubernetes project's client for Python", () => {
  let server: TestServer;
  let seen: Record<string, unknown>;
  beforeAll(async () => {
    server = await startApiServer({ plugins: 'default' });
    seen = await run(server.url);
  });
  afterAll(() => server.close());

  it('creates, changes and reads by its typed API, and meets errors it knows', () => {
    expect(seen).toMatchObject({
      created: 'datetime',
      patched: { a: '1', b: '2' },
      replaced: { a: '1', b: '2', c: '3' },
      conflict: [409, 'Conflict'],
      missing: [404, 'configmaps "none" not found'],
    });
  });

  it('patches the containers of a Deployment, scales it and deletes it', () => {
    expect(seen).toMatchObject({ strategic: [['web:1', { cpu: '500m' }]], scaled: 5, deleted: 'Success' });
  });

  it('reads a list page by page', () => {
    expect(seen.pages).toEqual([
      ['one', 'page-0'],
      ['page-1', 'page-2'],
      ['page-3', 'page-4'],
    ]);
  });

  it('watches', () => {
    expect(seen.watched).toEqual([
      ['ADDED', 'V1ConfigMap', '1'],
      ['MODIFIED', 'V1ConfigMap', '2'],
      ['DELETED', 'V1ConfigMap', '2'],
    ]);
  });

  it('finds kinds by discovery, and applies', () => {
    expect(seen).toMatchObject({ applied: [['python', 'Apply']], found: ['apps/v1'] });
  });
});
