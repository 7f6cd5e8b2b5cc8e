import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { type Call, callsTo, openWatch } from '../testing/http.ts';
import { group, merge, widget, widgetDefinition, widgetSpec, widgets } from '../testing/widgets.ts';
import { startApiServer, type TestServer } from '../testing.ts';

let server: TestServer;
let call: Call;
beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
  await define(call, widgetDefinition);
});
afterAll(() => server.close());

describe('custom resources', () => {
  it('are what their path says they are', async () => {
    const refused = async (change: object) => {
      const { status, body } = await call('POST', widgets, { ...widget('other'), ...change });
      return `${status} ${body.message}`;
    };
    expect(await refused({ kind: 'Gadget' })).toBe(
      '422 Gadget.example.com "other" is invalid: kind: Invalid value: "Gadget": must be Widget',
    );
    expect(await refused({ apiVersion: 'example.com/v7' })).toBe(
      '400 the API version in the data (example.com/v7) does not match the expected API version (example.com/v1)',
    );
  });

  it('say themselves what they are', async () => {
    const { kind: _, ...nameless } = { ...(widget('silent') as Record<string, unknown>) };
    const text = JSON.stringify(nameless);
    expect((await call('POST', widgets, nameless)).body).toMatchObject({
      code: 400,
      message: `the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in '${text}' (${text.slice(0, 30)} ...)`,
    });
    const versionless = { ...(widget('silent') as object), apiVersion: undefined };
    expect((await call('POST', widgets, versionless)).body.message).toBe(
      'the API version in the data () does not match the expected API version (example.com/v1)',
    );
    await call('POST', widgets, widget('silent'));
    const patched = await call('PATCH', `${widgets}/silent`, { kind: null }, merge);
    expect([patched.status, patched.body.message]).toEqual([
      422,
      expect.stringContaining("Object 'Kind' is missing in '{"),
    ]);
    const renamed = await call('PATCH', `${widgets}/silent`, { kind: 'Gadget' }, merge);
    expect(renamed.body.message).toBe(
      'Gadget.example.com "silent" is invalid: kind: Invalid value: "Gadget": must be Widget',
    );
    const { items, metadata } = (await call('GET', widgets)).body;
    expect(items[0]).toMatchObject({ apiVersion: 'example.com/v1', kind: 'Widget' });
    expect(metadata.continue).toBe('');
  });

  it('have only the places and subresources their definition gives them', async () => {
    await call('POST', widgets, widget('placed'));
    const answers = async (method: string, path: string, body?: object, headers?: Record<string, string>) => {
      const { status, text, body: answer } = await call(method, path, body, headers);
      return [status, answer.message ?? text.trim()];
    };
    expect(await answers('GET', `${widgets}/placed/nothing`)).toEqual([404, 'widgets.example.com "placed" not found']);
    expect(await answers('DELETE', `${widgets}/placed/status`)).toEqual([
      405,
      'delete is not supported on resources of kind "widgets.example.com"',
    ]);
    expect(await answers('POST', `${group}/widgets`, widget('nowhere'))).toEqual([404, '404 page not found']);
    expect(await answers('PUT', widgets, widget('nowhere'))).toEqual([400, 'name must be provided']);
    expect(await answers('PATCH', widgets, {}, merge)).toEqual([400, 'name must be provided']);
  });

  it('show their age as a date where nothing else was asked for', async () => {
    await define(call, definitionOf('Plain', [versionOf({ spec: widgetSpec })]));
    const { body } = await call('GET', `${group}/plains`, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect(body.columnDefinitions[1]).toMatchObject({ name: 'Age', type: 'date' });
  });

  it('show their columns in tables', async () => {
    await call('POST', widgets, widget('t', { size: 7, ports: [{ port: 1, name: 'http' }] }));
    const { body } = await call('GET', `${widgets}/t`, undefined, {
      accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
    });
    expect(
      body.columnDefinitions.map((each: Record<string, unknown>) => [each['name'], each['type'], each['priority']]),
    ).toEqual([
      ['Name', 'string', 0],
      ['Size', 'integer', 0],
      ['First', 'string', 1],
      ['Since', 'date', 0],
    ]);
    expect(body.columnDefinitions[1].description).toBe(
      'Custom resource definition column (in JSONPath format): .spec.size',
    );
    expect(body.rows[0].cells).toEqual(['t', 7, 'http', null]);
    const shown = async (since: string) => {
      await call('PATCH', `${widgets}/t/status`, { status: { since } }, merge);
      const table = await call('GET', `${widgets}/t`, undefined, {
        accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
      });
      return table.body.rows[0].cells[3];
    };
    expect(await shown(new Date(Date.now() - 45_500_000).toISOString())).toBe('12h');
    expect(await shown('2026-01-01')).toBe('<invalid>');
    expect(await shown('')).toBe('<unknown>');
    expect(await shown('0001-01-01T00:00:00Z')).toBe('<unknown>');
  });

  it('are found by fields and watched', async () => {
    const watch = await openWatch(server.url, `${widgets}?watch=1&fieldSelector=spec.color%3Dblue&resourceVersion=0`);
    await call('POST', widgets, widget('f1', { color: 'blue' }));
    await call('POST', widgets, widget('f2', { color: 'red' }));
    await call(
      'PATCH',
      `${widgets}/f1`,
      { spec: { color: 'red' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(await watch.take(2)).toEqual(['ADDED f1', 'DELETED f1']);
    watch.close();
    const unknown = await call('GET', `${widgets}?fieldSelector=spec.size%3D1`);
    expect(unknown).toMatchObject({ status: 400 });
    expect(unknown.body.message).toMatch(/^field label not supported: spec.size$/);
  });

  it('have no protobuf and no strategic merge', async () => {
    const protobuf = 'application/vnd.kubernetes.protobuf';
    expect((await call('GET', `${widgets}/a`, undefined, { accept: protobuf })).status).toBe(406);
    const sent = await call('POST', widgets, 'k8s\0', { 'content-type': protobuf });
    expect(sent).toMatchObject({
      status: 415,
      body: {
        message:
          'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      },
    });
    const patched = await call(
      'PATCH',
      `${widgets}/a`,
      {},
      { 'content-type': 'application/strategic-merge-patch+json' },
    );
    expect(patched).toMatchObject({
      status: 415,
      body: {
        message:
          'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
      },
    });
  });
});
