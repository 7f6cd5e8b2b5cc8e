import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiServer, type TestServer } from '../testing.ts';
import { capital, namesOf } from './operations.ts';

/**
 * The client of @kubernetes/client-node is generated from upstream's document, so its methods are what that says of paths, names of operations, parameters and
 * answers. Left out there are the old watch paths.
 */
const folder = join(dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')), 'gen/apis');

interface Operation {
  path: string;
  method: string;
  name: string;
  parameters: string[];
  answer: string;
}

const request =
  /async (\w+)\(([^)]*)\) \{((?:(?!\n {4}\}).)*?)makeRequestContext\(localVarPath, HttpMethod\.(\w+)\)((?:(?!\n {4}\}).)*)/gs;

/** The methods of a generated class, `AppsV1Api`. */
function methodsOf(api: string): Operation[] {
  const declared = readFileSync(join(folder, `${api}.d.ts`), 'utf8');
  const answers = new Map(
    [...declared.matchAll(/ (\w+)WithHttpInfo\(.*Promise<HttpInfo<(.*)>>/g)].map(([, name, type]) => [name!, type!]),
  );
  return [...readFileSync(join(folder, `${api}.js`), 'utf8').matchAll(request)].map(
    ([, name = '', list = '', before = '', method = '', after = '']) => {
      const path = /localVarPath = '([^']+)'/.exec(before)![1]!;
      const query = [...after.matchAll(/setQueryParam\("(\w+)"/g)].map(([, each]) => each!);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, each]) => each!);
      const body = list.split(', ').includes('body') ? ['body'] : [];
      return {
        path,
        method: method.toLowerCase(),
        name,
        parameters: [...inPath, ...query, ...body].sort(),
        answer: answers.get(name)!,
      };
    },
  );
}

type Document = {
  paths: Record<string, Record<string, unknown>>;
};
type Described = {
  operationId: string;
  parameters?: { name: string }[];
  requestBody?: unknown;
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
};

/** The operations of a document but those of the old watch paths. `infix`: what their names have of the group-version. */
function operationsOf({ paths }: Document, infix: string): Operation[] {
  return Object.entries(paths)
    .filter(([path]) => !path.includes('/watch/'))
    .flatMap(([path, { parameters: shared = [], ...methods }]) =>
      Object.entries(methods as Record<string, Described>).map(([method, operation]) => ({
        path,
        method,
        name: operation.operationId.replace(infix, '').replace(/^getCodeVersion$/, 'getCode'),
        parameters: [
          ...(shared as { name: string }[]).map(({ name }) => name),
          ...(operation.parameters ?? []).map(({ name }) => name),
          ...(operation.requestBody ? ['body'] : []),
        ].sort(),
        answer: answerOf(operation),
      })),
    );
}

/** The type of an answer by its last names, `v1.Pod`; `string` where it is text. */
function answerOf({ responses }: Described): string {
  const { schema } = Object.values(responses['200']!.content!)[0]!;
  return schema.$ref === undefined ? 'string' : schema.$ref.split('.').slice(-2).join('.');
}

const byName = (operations: Operation[]) => new Map(operations.map((each) => [`${each.method} ${each.path}`, each]));

describe("the documents beside upstream's client", () => {
  let server: TestServer;
  let roots: string[];

  beforeAll(async () => {
    server = await startApiServer();
    roots = Object.keys(((await (await fetch(`${server.url}/openapi/v3`)).json()) as { paths: object }).paths);
  });
  afterAll(() => server.close());

  /** What is not served here: the logs of the server's machine, keys of tokens that this server does not issue, and what is no part of the document. */
  const others = [
    'LogsApi',
    'OpenidApi',
    'WellKnownApi',
    'CustomObjectsApi',
    'InternalApiserverApi',
    'StoragemigrationApi',
  ];
  const clients = readdirSync(folder)
    .flatMap((file) => /^(\w+Api)\.js$/.exec(file)?.[1] ?? [])
    .filter((api) => !/V\d+(alpha|beta)\d+Api$/.test(api) && !others.includes(api));

  it('has what every stable group-version has', () => {
    expect(clients.length).toBeGreaterThan(20);
  });

  it.each(clients)('%s', async (api) => {
    const methods = methodsOf(api);
    const { path } = methods[0]!;
    const [, root = ''] = /^\/(api\/v\d+|apis\/[^/]+\/v\d+|apis\/[^/]+|\w+)\//.exec(path)!;
    expect(roots).toContain(root);
    const [start = '', first = '', second = ''] = root.split('/');
    const { infix } = start === 'apis' ? namesOf(first, second) : namesOf('', first);
    const document = (await (await fetch(`${server.url}/openapi/v3/${root}`)).json()) as Document;
    const ours = byName(operationsOf(document, infix));
    const theirs = byName(methods);
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [at, method] of theirs) {
      const { answer, ...operation } = ours.get(at)!;
      const { answer: answered, ...known } = method;
      expect(operation).toEqual(known);
      // The client calls `v1.Pod` V1Pod, or CoreV1Event where several groups have one of the name.
      if (answer === 'string') expect([at, answered]).toEqual([at, 'string']);
      else expect(answered).toMatch(new RegExp(`${answer.split('.').map(capital).join('')}$`));
    }
  });
});
