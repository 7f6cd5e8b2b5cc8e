import { beforeEach, describe, expect, it } from '@jest/globals';
import { callsToOwnServer, freshNamespace } from '../testing/own-server.ts';

const call = callsToOwnServer();
let path: string;
beforeEach(async () => {
  path = await freshNamespace(call);
});

const podSpec = { containers: [{ name: 'c', image: 'i' }] };

describe('delete', () => {
  const make = async (object: object = {}) =>
    (await call('POST', `${path}/configmaps`, { metadata: { name: 'a', ...object } })).body;

  it('answers with a Status that names what is gone', async () => {
    const { metadata } = await make();
    const { status, body } = await call('DELETE', `${path}/configmaps/a`);
    expect(status).toBe(200);
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: metadata.uid },
    });
    expect((await call('DELETE', `${path}/configmaps/a`)).status).toBe(404);
  });

  it.each<[string, object]>([
    ['/apis/storage.k8s.io/v1/storageclasses', { provisioner: 'example.com/disks' }],
    ['/apis/storage.k8s.io/v1/csidrivers', { spec: {} }],
    ['/apis/resource.k8s.io/v1/deviceclasses', { spec: {} }],
  ])('answers with what is gone where clients expect it: %s', async (collection, content) => {
    const { body } = await call('POST', collection, { metadata: { name: 'a' }, ...content });
    const answer = await call('DELETE', `${collection}/a`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ kind: body.kind, metadata: { name: 'a', uid: body.metadata.uid } });
    expect((await call('GET', `${collection}/a`)).status).toBe(404);
  });

  it('waits for finalizers', async () => {
    await make({ finalizers: ['example.com/wait'] });
    const { status, body } = await call('DELETE', `${path}/configmaps/a`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: 'ConfigMap',
      metadata: { deletionGracePeriodSeconds: 0, deletionTimestamp: expect.any(String) },
    });
    const added = await call('PUT', `${path}/configmaps/a`, {
      ...body,
      metadata: { ...body.metadata, finalizers: ['example.com/wait', 'example.com/more'] },
    });
    expect(added.body.message).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}',
    );
    const last = await call('PUT', `${path}/configmaps/a`, { ...body, metadata: { ...body.metadata, finalizers: [] } });
    expect(last.status).toBe(200);
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(404);
  });

  it.each([
    ['Orphan', ['orphan']],
    ['Foreground', ['foregroundDeletion']],
  ])('leaves %s to the garbage collector', async (propagationPolicy, finalizers) => {
    await make();
    const { body } = await call('DELETE', `${path}/configmaps/a`, { propagationPolicy });
    expect(body.metadata.finalizers).toEqual(finalizers);
    const query = await call('DELETE', `${path}/configmaps/a?propagationPolicy=${propagationPolicy}`);
    expect(query.body.metadata.finalizers).toEqual(finalizers);
  });

  it('checks preconditions', async () => {
    const { metadata } = await make();
    const uid = await call('DELETE', `${path}/configmaps/a`, { preconditions: { uid: 'other' } });
    expect(uid.status).toBe(409);
    expect(uid.body.message).toBe(
      `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
    const version = await call('DELETE', `${path}/configmaps/a`, { preconditions: { resourceVersion: '1' } });
    expect(version.status).toBe(409);
    expect(version.body.message).toBe(
      `Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
    expect(
      (
        await call('DELETE', `${path}/configmaps/a`, {
          preconditions: { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
        })
      ).status,
    ).toBe(200);
  });

  it('takes preconditions from the query too', async () => {
    const { metadata } = await make();
    const refused = await call('DELETE', `${path}/configmaps/a?uid=other`);
    expect([refused.status, refused.body.message]).toEqual([
      409,
      `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    ]);
    const any = await call('DELETE', `${path}/configmaps?resourceVersion=0`);
    expect([any.status, any.body.message]).toEqual([
      409,
      `Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (0) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    ]);
    const past = await call('DELETE', `${path}/configmaps?resourceVersion=${Number(metadata.resourceVersion) - 1}`);
    expect([past.status, past.body.items]).toEqual([200, []]);
    const query = `uid=${metadata.uid}&resourceVersion=${metadata.resourceVersion}`;
    expect((await call('DELETE', `${path}/configmaps/a?${query}`)).status).toBe(200);
  });

  it('refuses options that make no sense', async () => {
    await make();
    const both = await call('DELETE', `${path}/configmaps/a`, { propagationPolicy: 'Orphan', orphanDependents: true });
    expect(both.body.message).toBe(
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    );
    const unknown = await call('DELETE', `${path}/configmaps/a`, { propagationPolicy: 'Sometimes' });
    expect(unknown.body.message).toContain('supported values: "Foreground", "Background", "Orphan", "nil"');
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(200);
  });

  it('gives a pod on a node time to end, and shortens it', async () => {
    await call('POST', `${path}/pods`, { metadata: { name: 'p' }, spec: { ...podSpec, nodeName: 'n' } });
    const first = (await call('DELETE', `${path}/pods/p`)).body;
    expect(first).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 30 } });
    const again = (await call('DELETE', `${path}/pods/p?gracePeriodSeconds=60`)).body;
    expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const sooner = (await call('DELETE', `${path}/pods/p?gracePeriodSeconds=5`)).body;
    expect(sooner.metadata.deletionGracePeriodSeconds).toBe(5);
    expect(Date.parse(first.metadata.deletionTimestamp) - Date.parse(sooner.metadata.deletionTimestamp)).toBe(25_000);
    expect((await call('DELETE', `${path}/pods/p?gracePeriodSeconds=0`)).body.kind).toBe('Pod');
    expect((await call('GET', `${path}/pods/p`)).status).toBe(404);
  });

  it('removes a pod that no node has at once', async () => {
    await call('POST', `${path}/pods`, { metadata: { name: 'p' }, spec: podSpec });
    await call('DELETE', `${path}/pods/p`);
    expect((await call('GET', `${path}/pods/p`)).status).toBe(404);
  });

  it('goes by the options in the body, not by those of the query', async () => {
    await make();
    const both = `${path}/configmaps/a?dryRun=All&propagationPolicy=Orphan`;
    const { body } = await call('DELETE', both, { propagationPolicy: 'Foreground' });
    expect(body.metadata.finalizers).toEqual(['foregroundDeletion']);
    expect((await call('DELETE', both, { propagationPolicy: 'Background' })).body.status).toBe('Success');
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(404);
  });

  it.each([
    [true, ['orphan']],
    [false, undefined],
  ])('orphans by orphanDependents=%p as it did before there were policies', async (orphanDependents, finalizers) => {
    await make({ finalizers: ['example.com/wait'] });
    const { body } = await call('DELETE', `${path}/configmaps/a`, { orphanDependents });
    expect(body.metadata.finalizers).toEqual(['example.com/wait', ...(finalizers ?? [])]);
  });

  it('may change how dependents go while it waits', async () => {
    await make({ finalizers: ['example.com/wait'] });
    for (const [propagationPolicy, added] of [
      ['Background', []],
      ['Foreground', ['foregroundDeletion']],
      ['Orphan', ['orphan']],
    ]) {
      const { body } = await call('DELETE', `${path}/configmaps/a`, { propagationPolicy });
      expect(body.metadata.finalizers).toEqual(['example.com/wait', ...added!]);
    }
  });

  it('keeps the name taken while it waits', async () => {
    await make({ finalizers: ['example.com/wait'] });
    await call('DELETE', `${path}/configmaps/a`);
    const again = await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    expect([again.status, again.body.message]).toEqual([409, 'object is being deleted: configmaps "a" already exists']);
  });

  it('says of options that cannot be read what is wrong with them', async () => {
    await make();
    const refusal = async (body: unknown, query = '') => {
      const answer = await call('DELETE', `${path}/configmaps/a${query}`, body);
      return `${answer.status} ${answer.body.message}`;
    };
    expect(await refusal('{')).toBe("400 couldn't get version/kind; json parse error: unexpected end of JSON input");
    expect(await refusal({ gracePeriodSeconds: 'x' })).toBe(
      '400 json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
    );
    expect(await refusal({ apiVersion: 'v1', kind: 'Pod' })).toBe(
      '400 no kind "Pod" is registered for version "v1" in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"',
    );
    expect(await refusal(undefined, '?propagationPolicy=')).toMatch(/^422 .*propagationPolicy: Unsupported value: ""/);
    expect(await refusal('null')).toMatch(/^200 /);
  });

  it('of a collection propagates and rehearses as asked', async () => {
    for (const name of ['a', 'b']) await call('POST', `${path}/configmaps`, { metadata: { name } });
    const rehearsed = await call('DELETE', `${path}/configmaps?dryRun=All`);
    expect([rehearsed.status, rehearsed.body.items.length]).toEqual([200, 2]);
    expect((await call('GET', `${path}/configmaps`)).body.items).toHaveLength(2);
    await call('DELETE', `${path}/configmaps?fieldSelector=metadata.name%3Da`, { propagationPolicy: 'Orphan' });
    const kept = (await call('GET', `${path}/configmaps`)).body.items;
    const finalizers = kept.map((item: { metadata: { finalizers?: string[] } }) => item.metadata.finalizers);
    expect(finalizers).toEqual([['orphan'], undefined]);
    const wrong = await call('DELETE', `${path}/configmaps`, { propagationPolicy: 'Sometimes' });
    expect(wrong.status).toBe(422);
  });

  it('of a collection takes what is selected', async () => {
    for (const name of ['a', 'b', 'c']) {
      await call('POST', `${path}/configmaps`, { metadata: { name, labels: { keep: String(name === 'b') } } });
    }
    const { status, body } = await call('DELETE', `${path}/configmaps?labelSelector=keep%3Dfalse`);
    expect(status).toBe(200);
    expect(body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['a', 'c']);
    const left = (await call('GET', `${path}/configmaps`)).body.items;
    expect(left.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['b']);
  });
});
