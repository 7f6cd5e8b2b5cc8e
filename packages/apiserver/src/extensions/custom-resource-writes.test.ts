import type { JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { callsToOwnServer } from '../testing/own-server.ts';
import { group, merge, widget, widgetDefinition, widgets } from '../testing/widgets.ts';

const call = callsToOwnServer();
beforeAll(() => define(call, widgetDefinition));

describe('custom resources', () => {
  it('scale within their schema, and to nothing without a word', async () => {
    await call('POST', widgets, widget('scaled', { size: 2 }));
    const scaled = await call('PATCH', `${widgets}/scaled/scale`, { spec: { replicas: -1 } }, merge);
    expect(scaled.body.message).toMatch(/^Widget.example.com "scaled" is invalid: \[spec.size: Invalid value: -1/);
  });

  it('whose status is written give up nothing else to who writes it', async () => {
    await call(
      'POST',
      `${widgets}?fieldManager=owner`,
      widget('stated', {}, { metadata: { name: 'stated', finalizers: ['example.com/hold'] } }),
    );
    const written = await call(
      'PATCH',
      `${widgets}/stated/status?fieldManager=writer`,
      { metadata: { finalizers: [], labels: { a: 'b' } }, status: { ready: 1 } },
      merge,
    );
    const fields = Object.fromEntries(
      written.body.metadata.managedFields.map((it: { manager: string; fieldsV1: object }) => [it.manager, it.fieldsV1]),
    );
    expect(Object.keys(fields.owner).sort()).toEqual(['f:metadata', 'f:spec']);
    expect(Object.keys(fields.writer)).toEqual(['f:status']);
  });

  it('are replaced only by who says what they replace', async () => {
    const { body } = await call('POST', widgets, widget('replaced', { size: 1 }));
    for (const part of ['', '/status']) {
      const blind = await call('PUT', `${widgets}/replaced${part}`, widget('replaced', { size: 2 }));
      expect(blind.body).toMatchObject({
        code: 422,
        message:
          'widgets.example.com "replaced" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      });
    }
    expect((await call('PUT', `${widgets}/replaced`, { ...body, spec: { size: 2 } })).status).toBe(200);
  });

  it('have a status and a scale of their own', async () => {
    await call('POST', widgets, widget('s', { size: 2 }, { status: { ready: 9 } }));
    expect((await call('GET', `${widgets}/s`)).body.status).toBeUndefined();
    const changed = await call(
      'PATCH',
      `${widgets}/s/status`,
      { status: { ready: 1, selector: 'a=b' }, metadata: { labels: { x: 'y' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(changed.body.status.ready).toBe(1);
    expect(changed.body.metadata.labels).toBeUndefined();
    expect(changed.body.metadata.generation).toBe(1);
    const scale = await call('GET', `${widgets}/s/scale`);
    expect(scale.body).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'a=b' },
    });
    await call(
      'PATCH',
      `${widgets}/s/scale`,
      { spec: { replicas: 5 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect((await call('GET', `${widgets}/s`)).body).toMatchObject({ spec: { size: 5 }, metadata: { generation: 2 } });
    const wrong = await call(
      'PATCH',
      `${widgets}/s/status`,
      { status: { since: 1 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(wrong.body.details.causes).toEqual([
      {
        reason: 'FieldValueTypeInvalid',
        message: 'Invalid value: "integer": since in body must be of type string: "integer"',
        field: 'status.since',
      },
    ]);
  });

  it('have replicas that belong to who scaled them last, since no time, and to nobody from when there were none', async () => {
    const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.ready' };
    const spec: JSONSchemaProps = { type: 'object', properties: { size: { type: 'integer' } } };
    await define(call, definitionOf('Gauge', [versionOf({ spec }, { subresources: { scale } })]));
    const gauges = `${group}/namespaces/default/gauges`;
    const gauge = { apiVersion: 'example.com/v1', kind: 'Gauge', metadata: { name: 'g' }, spec: { size: 2 } };
    await call('POST', `${gauges}?fieldManager=maker`, gauge);
    const managers = async (replicas: number, manager: string) => {
      await call('PATCH', `${gauges}/g/scale?fieldManager=${manager}`, { spec: { replicas } }, merge);
      const { body } = await call('GET', `${gauges}/g`);
      expect(body.spec.size).toBe(replicas);
      return body.metadata.managedFields.map((each: Record<string, Record<string, object>>) => [
        each['manager'],
        each['subresource'] ?? '',
        'time' in each,
        each['fieldsV1'],
      ]);
    };
    const rest = ['maker', '', true, { 'f:spec': {} }];
    const size = { 'f:spec': { 'f:size': {} } };
    expect(await managers(3, 'scaler')).toEqual([['scaler', 'scale', false, size], rest]);
    expect(await managers(4, 'maker')).toEqual([['maker', 'scale', false, size], rest]);
    expect(await managers(0, 'maker')).toEqual([rest]);
    expect(await managers(5, 'maker')).toEqual([rest]);
  });

  it('have a scale that is no other kind', async () => {
    await call('POST', widgets, widget('kinds', { size: 2 }));
    const { status, body } = await call('PATCH', `${widgets}/kinds/scale`, { kind: 'X' }, merge);
    expect(status).toBe(422);
    expect(body.message).toMatch(
      / no kind "X" is registered for version "autoscaling\/v1" in scheme "k8s.io\/client-go\/scale\/util.go:146"$/,
    );
  });

  it('begin with the status that is the default, whatever they were sent with', async () => {
    const phase = { type: 'string' };
    const status = {
      type: 'object',
      default: { phase: 'New' },
      properties: { phase, tries: { type: 'integer', default: 0 } },
    };
    const version = (more: object) => versionOf({ status }, { subresources: { status: {} }, ...more });
    await define(call, definitionOf('Begun', [version({ name: 'v1' }), version({ name: 'v2', storage: false })]));
    for (const version of ['v1', 'v2']) {
      const path = `/apis/example.com/${version}/namespaces/default/beguns`;
      const sent = {
        apiVersion: `example.com/${version}`,
        kind: 'Begun',
        metadata: { name: version },
        status: { phase: 'Old' },
      };
      const expected = { phase: 'New', tries: 0 };
      expect((await call('POST', `${path}?dryRun=All`, sent)).body.status).toEqual(expected);
      expect((await call('POST', path, sent)).body.status).toEqual(expected);
      expect((await call('GET', `${path}/${version}`)).body.status).toEqual(expected);
      const label = { metadata: { labels: { a: 'b' } } };
      const merge = { 'content-type': 'application/merge-patch+json' };
      expect((await call('PATCH', `${path}/${version}`, label, merge)).body.status).toEqual(expected);
    }
  });

  it.each([
    [{ raw: 'x' }, 500, '.spec.raw: expected map, got &{x}'],
    [{ raw: [1] }, 500, '.spec.raw: expected map, got &{[1]}'],
    [{ size: true }, 500, '.spec.size: expected numeric (int or float), got bool'],
    [{ level: true }, 422, 'spec.level in body must be of type integer,string: "boolean"'],
  ])('that are applied with values of other types are refused: %j', async (spec, code, message) => {
    const sent = JSON.stringify(widget('mistyped', spec));
    const type = { 'content-type': 'application/apply-patch+yaml' };
    const { status, body } = await call('PATCH', `${widgets}/mistyped?fieldManager=a`, sent, type);
    expect([status, body.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('are applied by list keys', async () => {
    const apply = (manager: string, ports: object[], query = '') =>
      call('PATCH', `${widgets}/applied?fieldManager=${manager}${query}`, widget('applied', { ports }), {
        'content-type': 'application/apply-patch+yaml',
      });
    expect((await apply('one', [{ port: 1, name: 'a' }])).status).toBe(201);
    const both = await apply('two', [{ port: 2, name: 'b' }]);
    expect(both.body.spec.ports).toEqual([
      { port: 1, name: 'a' },
      { port: 2, name: 'b' },
    ]);
    const conflict = await apply('two', [{ port: 1, name: 'c' }]);
    expect(conflict.status).toBe(409);
    expect(conflict.body.details.causes[0].field).toBe('.spec.ports[port=1].name');
    const gone = await apply('one', []);
    expect(gone.body.spec.ports).toEqual([{ port: 2, name: 'b' }]);
  });
});
