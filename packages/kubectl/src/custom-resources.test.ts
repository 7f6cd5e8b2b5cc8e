import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Outcome, runKubectl } from './testing/run.ts';

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        description: A table of jobs.
        properties:
          spec:
            type: object
            description: What is to be done.
            properties:
              schedule: {type: string, description: When.}
              replicas: {type: integer, default: 1}
          status: {type: object, properties: {replicas: {type: integer}, phase: {type: string}}}
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    additionalPrinterColumns:
    - {name: Schedule, type: string, jsonPath: .spec.schedule}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
`;
const crontab = `
apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: nightly}
spec: {schedule: '0 3 * * *'}
`;

describe('custom resources', () => {
  let server: TestServer;
  let folder: string;
  const kubectl = (...words: string[]): Promise<Outcome> =>
    runKubectl(['--server', server.url, ...words], { cwd: folder });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const said = async (...words: string[]) => {
    const { stdout, stderr } = await kubectl(...words);
    return stdout + stderr;
  };

  beforeAll(async () => {
    server = await startApiServer();
    folder = mkdtempSync(join(tmpdir(), 'kubectl-custom-'));
    await kubectl('apply', '-f', file('crd.yaml', definition));
    await kubectl('wait', '--for=condition=Established', 'crd/crontabs.stable.example.com', '--timeout=20s');
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.close();
  });

  it('are applied, shown in columns and found by short name and category', async () => {
    expect(await said('apply', '-f', file('ct.yaml', crontab))).toBe('crontab.stable.example.com/nightly created\n');
    expect(await said('apply', '-f', 'ct.yaml')).toBe('crontab.stable.example.com/nightly unchanged\n');
    expect(await said('get', 'ct')).toBe('NAME      SCHEDULE    REPLICAS\nnightly   0 3 * * *   1\n');
    expect(await said('get', 'all', '-o', 'name')).toContain('crontab.stable.example.com/nightly');
  });

  it('are explained by their schema', async () => {
    const text = await said('explain', 'crontabs.spec');
    expect(text).toContain('GROUP:      stable.example.com');
    expect(text).toContain('What is to be done.');
    expect(text).toMatch(/schedule\s+<string>\n\s+When\./);
  });

  it('are checked for fields that their schema does not have', async () => {
    const wrong = file('wrong.yaml', crontab.replace('schedule:', 'shedule:'));
    expect(await said('apply', '-f', wrong)).toContain('strict decoding error: unknown field "spec.shedule"');
  });

  it('are patched, scaled, waited for and deleted', async () => {
    await kubectl('apply', '-f', file('ct.yaml', crontab));
    expect(await said('scale', 'ct/nightly', '--replicas=3')).toBe('crontab.stable.example.com/nightly scaled\n');
    await kubectl(
      'patch',
      'ct',
      'nightly',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"phase":"Done"}}',
    );
    expect(await said('wait', '--for=jsonpath={.status.phase}=Done', 'ct/nightly')).toContain('condition met');
    expect(await said('get', 'ct', 'nightly', '-o', 'jsonpath={.spec.replicas} {.status.phase}')).toBe('3 Done');
    expect(await said('delete', 'ct', 'nightly')).toBe('crontab.stable.example.com "nightly" deleted\n');
  });

  it('are applied by the server', async () => {
    const applied = await said('apply', '--server-side', '-f', file('ct.yaml', crontab));
    expect(applied).toBe('crontab.stable.example.com/nightly serverside-applied\n');
  });

  it('go with their definition', async () => {
    expect(await said('delete', 'crd', 'crontabs.stable.example.com')).toContain('deleted');
    expect(await said('get', 'ct')).toContain(`the server doesn't have a resource type "ct"`);
  });
});
