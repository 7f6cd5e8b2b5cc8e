import { describe, expect, it } from '@jest/globals';
import { aggregatedType } from '../discovery/aggregated.ts';
import type { RemoteAnswer } from './ask.ts';
import { identityHeaders } from './identity-headers.ts';
import { discoverRemote } from './remote-discovery.ts';

const remote = {
  name: 'v1.example.com',
  group: 'example.com',
  version: 'v1',
  apiVersion: 'example.com/v1',
  service: { namespace: 'default', name: 'api', port: 443 },
  available: true,
  insecure: false,
  ca: undefined,
};

/** A server of these pages; what is not there is 404. `type` is what it calls what is at `/apis`. */
const serving = (pages: Readonly<Record<string, object | number | string>>, type = aggregatedType) => {
  const asked: string[] = [];
  const get = async (path: string): Promise<RemoteAnswer> => {
    asked.push(path);
    const page = pages[path] ?? 404;
    if (typeof page === 'number') return { code: page, headers: {}, body: Buffer.from('no') };
    const headers = { 'content-type': path === '/apis' ? type : 'application/json' };
    return { code: 200, headers, body: Buffer.from(typeof page === 'string' ? page : JSON.stringify(page)) };
  };
  return { asked, discover: () => discoverRemote(remote, get) };
};

describe('what an extension server serves', () => {
  it('is read from aggregated discovery', async () => {
    const resources = [{ resource: 'gadgets', scope: 'Cluster', singularResource: 'gadget', verbs: ['list'] }];
    const versions = [{ version: 'v2' }, { version: 'v1', resources }];
    const { asked, discover } = serving({
      '/apis': { kind: 'APIGroupDiscoveryList', items: [{ metadata: { name: 'example.com' }, versions }] },
    });
    const responseKind = { group: '', version: '', kind: '' };
    expect(await discover()).toEqual({
      version: 'v1',
      resources: [{ ...resources[0], responseKind }],
      freshness: 'Current',
    });
    expect(asked).toEqual(['/apis']);
  });

  it('is what it says last, where it says it twice', async () => {
    const of = (resource: string) => ({
      metadata: { name: 'example.com' },
      versions: [{ version: 'v1', resources: [{ resource, responseKind: { kind: 'A' }, scope: 'Cluster' }] }],
    });
    const type = aggregatedType.replace('v=v2;', 'v=v2beta1;');
    const { discover } = serving({ '/apis': { items: [of('as'), of('bs')] } }, type);
    expect(await discover()).toMatchObject({ resources: [{ resource: 'bs' }] });
  });

  it('is nothing where aggregated discovery does not know the group-version', async () => {
    const { discover } = serving({ '/apis': { kind: 'APIGroupDiscoveryList', items: [] } });
    expect(await discover()).toEqual({ version: 'v1', freshness: 'Current' });
  });

  it.each([[{ kind: 'APIGroupList', groups: [] }], ['garbage'], [404], [403], [406], [500], [502]])(
    'is read from the older form where /apis answers %j',
    async (groups) => {
      const pages = {
        '/apis': groups,
        '/apis/example.com/v1': {
          kind: 'APIResourceList',
          resources: [
            {
              name: 'gadgets/scale',
              singularName: '',
              namespaced: true,
              group: 'autoscaling',
              version: 'v1',
              kind: 'Scale',
              verbs: ['get'],
            },
            {
              name: 'gadgets',
              singularName: 'gadget',
              namespaced: true,
              kind: 'Gadget',
              verbs: ['list'],
              shortNames: ['g'],
            },
            { name: 'strays/status', singularName: '', namespaced: true, kind: '', verbs: ['get'] },
          ],
        },
      };
      const { discover } = serving(pages, 'application/json');
      expect(await discover()).toEqual({
        version: 'v1',
        freshness: 'Current',
        resources: [
          {
            resource: 'gadgets',
            responseKind: { group: '', version: '', kind: 'Gadget' },
            scope: 'Namespaced',
            singularResource: 'gadget',
            verbs: ['list'],
            shortNames: ['g'],
            subresources: [
              {
                subresource: 'scale',
                responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
                verbs: ['get'],
              },
            ],
          },
          {
            resource: 'strays',
            responseKind: { group: '', version: '', kind: '' },
            scope: 'Namespaced',
            singularResource: '',
            verbs: [],
            subresources: [
              { subresource: 'status', responseKind: { group: '', version: '', kind: '' }, verbs: ['get'] },
            ],
          },
        ],
      });
    },
  );

  it('is not known where the server fails', async () => {
    await expect(serving({ '/apis': 503 }).discover()).rejects.toThrow(
      'service default/api:443 returned non-success response code: 503',
    );
    const legacy = 'failed to download legacy discovery for /apis/example.com/v1: 404';
    await expect(serving({}).discover()).rejects.toThrow(legacy);
  });

  it.each([['garbage'], [{ items: 'none' }], [{ items: [{ metadata: { name: 'example.com' }, versions: [1] }] }]])(
    'is not known where what it says is %j',
    async (page) => {
      await expect(serving({ '/apis': page }).discover()).rejects.toThrow();
    },
  );

  it('is not known where a part of an object is of another scope', async () => {
    const resources = [
      { name: 'gadgets', singularName: '', namespaced: true, kind: 'Gadget', verbs: ['get'] },
      { name: 'gadgets/status', singularName: '', namespaced: false, kind: 'Gadget', verbs: ['get'] },
    ];
    await expect(serving({ '/apis/example.com/v1': { resources } }).discover()).rejects.toThrow(
      'Error: Parent gadgets (scope: Namespaced) and subresource status (scope: Cluster) scope do not match',
    );
  });
});

it('a user is named in headers, with keys escaped and values in UTF-8', () => {
  expect(
    identityHeaders({ name: 'zoé', uid: '7', groups: ['a', 'b'], extra: { 'example.com/scopes%': ['x', 'y'] } }),
  ).toEqual([
    ...['X-Remote-User', 'zo\u00c3\u00a9'],
    ...['X-Remote-Uid', '7'],
    ...['X-Remote-Group', 'a', 'X-Remote-Group', 'b'],
    ...['X-Remote-Extra-example.com%2Fscopes%25', 'x', 'X-Remote-Extra-example.com%2Fscopes%25', 'y'],
  ]);
});
