import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer } from '../testing/http.ts';
import { ownProgram } from '../testing/own-program.ts';

/*
 * What becomes of an object that several apply, by how its parts are merged.
 */

const own = ownProgram();

const deployments = '/apis/apps/v1/namespaces/default/deployments';
let name = '';
let count = 0;
beforeEach(() => {
  name = `d${count++}`;
});

const web = { name: 'web', image: 'web:1' };
interface Part {
  metadata?: object;
  spec?: object;
  status?: object;
  /** Of the template. */
  pods?: object;
}

/** What a manager says of the deployment; each says what is required. */
const objectOf = ({ metadata, spec, status, pods }: Part) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, ...metadata },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [web], ...pods } },
    ...spec,
  },
  ...(status ? { status } : {}),
});
const send = (manager: string, body: object, query = '', subresource = '') =>
  own.program.call('PATCH', `${deployments}/${name}${subresource}?fieldManager=${manager}${query}`, body, {
    'content-type': 'application/apply-patch+yaml',
  });
/** Applies, and gives what there is then. */
async function apply(manager: string, part: Part, query = '') {
  const { status, text, body } = await send(manager, objectOf(part), query);
  if (status > 201) throw new Error(text);
  return body;
}
const conflict = ({ status, body }: Answer): [number, string, string[]] => [
  status,
  body.reason,
  body.details?.causes?.map(({ message, field }: { message: string; field: string }) => `${message}: ${field}`),
];

describe('a field that several apply', () => {
  it('is all theirs, and goes with the last of them', async () => {
    const annotations = { color: 'red' };
    await apply('one', { metadata: { annotations } });
    expect((await apply('two', { metadata: { annotations } })).metadata.annotations).toMatchObject(annotations);
    expect((await apply('one', {})).metadata.annotations).toMatchObject(annotations);
    expect((await apply('two', {})).metadata.annotations).not.toEqual(expect.objectContaining(annotations));
  });

  it('is a conflict where they do not say the same, until one takes it by force', async () => {
    await apply('one', { spec: { replicas: 1 } });
    expect(conflict(await send('two', objectOf({ spec: { replicas: 2 } })))).toEqual([
      409,
      'Conflict',
      ['conflict with "one": .spec.replicas'],
    ]);
    expect((await apply('two', { spec: { replicas: 2 } }, '&force=true')).spec.replicas).toBe(2);
    // It is not the first one's any more, who may leave it out.
    expect((await apply('one', {})).spec.replicas).toBe(2);
  });

  it('is only tried in a dry run', async () => {
    await apply('one', { spec: { replicas: 1 } });
    expect((await apply('one', { spec: { replicas: 5 } }, '&dryRun=All')).spec.replicas).toBe(5);
    expect((await own.program.call('GET', `${deployments}/${name}`)).body.spec.replicas).toBe(1);
  });
});

describe('a list', () => {
  it('of items with keys has everybody their own', async () => {
    const ports = (...numbers: number[]) => numbers.map((containerPort) => ({ containerPort, protocol: 'TCP' }));
    await apply('one', { pods: { containers: [{ ...web, ports: ports(80) }] } });
    const both = await apply('two', {
      pods: {
        containers: [
          { ...web, ports: ports(81) },
          { name: 'proxy', image: 'proxy:1' },
        ],
      },
    });
    const { containers } = both.spec.template.spec;
    expect(containers.map((it: { name: string }) => it.name)).toEqual(['web', 'proxy']);
    expect(containers[0].ports).toEqual(ports(80, 81));
    const left = (await apply('two', {})).spec.template.spec.containers;
    expect(left).toMatchObject([{ name: 'web', ports: ports(80) }]);
    expect(left).toHaveLength(1);
  });

  it('that is a set has the items of all', async () => {
    await apply('one', { metadata: { finalizers: ['example.com/a'] } });
    const both = await apply('two', { metadata: { finalizers: ['example.com/b', 'example.com/a'] } });
    expect([...both.metadata.finalizers].sort()).toEqual(['example.com/a', 'example.com/b']);
    const shared = await apply('two', {});
    expect(shared.metadata.finalizers).toEqual(['example.com/a']);
    expect((await apply('one', {})).metadata.finalizers).toBeUndefined();
  });

  it('that is atomic is one thing', async () => {
    const tolerations = (key: string) => ({ pods: { tolerations: [{ key, operator: 'Exists' }] } });
    await apply('one', tolerations('a'));
    expect(conflict(await send('two', objectOf(tolerations('b'))))).toEqual([
      409,
      'Conflict',
      ['conflict with "one": .spec.template.spec.tolerations'],
    ]);
    const taken = await apply('two', tolerations('b'), '&force=true');
    expect(taken.spec.template.spec.tolerations).toEqual([{ key: 'b', operator: 'Exists' }]);
  });
});

describe('managedFields', () => {
  it('tell who applied and who wrote otherwise, and how', async () => {
    const { body: made } = await own.program.call(
      'POST',
      `${deployments}?fieldManager=editor`,
      objectOf({ spec: { replicas: 1 } }),
    );
    expect(made.metadata.managedFields).toMatchObject([
      { manager: 'editor', operation: 'Update', apiVersion: 'apps/v1', fieldsType: 'FieldsV1' },
    ]);
    expect(made.metadata.managedFields[0].fieldsV1['f:spec']['f:template']['f:spec']['f:containers']).toMatchObject({
      'k:{"name":"web"}': { '.': {}, 'f:name': {}, 'f:image': {} },
    });
    expect(conflict(await send('one', objectOf({ spec: { replicas: 3 } })))).toEqual([
      409,
      'Conflict',
      ['conflict with "editor" using apps/v1: .spec.replicas'],
    ]);
    await apply('one', { spec: { replicas: 3 } }, '&force=true');
    const said = { spec: { replicas: 4 } };
    const merge = { 'content-type': 'application/merge-patch+json' };
    const { body } = await own.program.call('PATCH', `${deployments}/${name}?fieldManager=hand`, said, merge);
    const owners = body.metadata.managedFields
      .filter(({ fieldsV1 }: { fieldsV1: { 'f:spec'?: object } }) => 'f:replicas' in (fieldsV1['f:spec'] ?? {}))
      .map(({ manager, operation }: { manager: string; operation: string }) => `${manager} ${operation}`);
    expect(owners).toEqual(['hand Update']);
  });

  it('tell what was applied to a subresource apart', async () => {
    await apply('one', { spec: { replicas: 1 }, status: { replicas: 9 } });
    const { body } = await send('two', objectOf({ status: { replicas: 2 } }), '', '/status');
    expect(body).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 2 } });
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec: { replicas: 5 } };
    expect(conflict(await send('three', scale, '', '/scale'))).toEqual([
      409,
      'Conflict',
      ['conflict with "one": .spec.replicas'],
    ]);
    await send('three', scale, '&force=true', '/scale');
    const now = await own.program.call('GET', `${deployments}/${name}`);
    expect(now.body.spec.replicas).toBe(5);
    const entries = now.body.metadata.managedFields.map(
      ({ manager, operation, subresource }: Record<string, string>) => `${manager} ${operation} ${subresource ?? ''}`,
    );
    expect(entries.sort()).toEqual(['one Apply ', 'three Apply scale', 'two Apply status']);
  });
});
