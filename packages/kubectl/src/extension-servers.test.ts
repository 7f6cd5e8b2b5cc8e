import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Outcome, runKubectl } from './testing/run.ts';

describe('a group whose server is away', () => {
  let server: TestServer;
  const kubectl = (...words: string[]): Promise<Outcome> => runKubectl(['--server', server.url, ...words]);

  beforeAll(async () => {
    server = await startApiServer();
    const service = { name: 'none', namespace: 'default' };
    const spec = { group: 'example.com', version: 'v1', service, groupPriorityMinimum: 1000, versionPriority: 15 };
    await server.client.create(apiService, { metadata: { name: 'v1.example.com' }, spec });
  });
  afterAll(() => server.close());

  it('does not hide the others', async () => {
    const { stdout, stderr, exitCode } = await kubectl('api-resources');
    expect(stdout).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m);
    expect(stderr).toBe(
      'error: unable to retrieve the complete list of server APIs: example.com/v1: stale GroupVersion discovery: example.com/v1\n',
    );
    expect(exitCode).toBe(1);
    expect(await kubectl('get', 'deployments')).toMatchObject({ exitCode: 0 });
    expect((await kubectl('get', 'things.v1.example.com')).stderr).toBe(
      'error: the server doesn\'t have a resource type "things"\n',
    );
  });

  it('is told of', async () => {
    let shown = '';
    // The first check of the Service comes a moment after the APIService.
    while (!shown.includes('False')) shown = (await kubectl('get', 'apiservices')).stdout;
    expect(shown).toMatch(
      /^NAME +SERVICE +AVAILABLE +AGE\nv1\.example\.com +default\/none +False \(ServiceNotFound\) +\S+\n$/,
    );
    const described = (await kubectl('describe', 'apiservice', 'v1.example.com')).stdout;
    expect(described).toContain('service/none in "default" is not present');
  });
});
