import { describe, expect, it } from '@jest/globals';
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

/** A server of these pages; what is not there is 404. */
const serving = (pages: Readonly<Record<string, object | number>>) => {
  const asked: string[] = [];
  const get = async (path: string): Promise<RemoteAnswer> => {
    asked.push(path);
    const page = pages[path] ?? 404;
    if (typeof page === 'number') return { code: page, headers: {}, body: Buffer.from('no') };
    return { code: 200, headers: {}, body: Buffer.from(JSON.stringify(page)) };
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
    expect(await discover()).toEqual({ version: 'v1', resources, freshness: 'Current' });
    expect(asked).toEqual(['/apis']);
  });

  it('is nothing where aggregated discovery does not know the group-version', async () => {
    const { discover } = serving({ '/apis': { kind: 'APIGroupDiscoveryList', items: [] } });
    expect(await discover()).toEqual({ version: 'v1', freshness: 'Current' });
  });

  it.each([[{ kind: 'APIGroupList', groups: [] }], [404], [403], [406]])(
    'is read from the older form where /apis answers %j',
    async (groups) => {
      const { discover } = serving({
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
            { name: 'strays/status', singularName: '', namespaced: true, kind: 'Stray', verbs: ['get'] },
          ],
        },
      });
      expect(await discover()).toEqual({
        version: 'v1',
        freshness: 'Current',
        resources: [
          {
            resource: 'gadgets',
            responseKind: { group: 'example.com', version: 'v1', kind: 'Gadget' },
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
        ],
      });
    },
  );

  it('is not known where the server fails', async () => {
    await expect(serving({ '/apis': 500 }).discover()).rejects.toThrow(
      'v1.example.com answers discovery with code 500',
    );
    await expect(serving({}).discover()).rejects.toThrow('failed to download discovery for /apis/example.com/v1: 404');
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
