import { pause } from '../processes.ts';
import type { Connection } from './connection.ts';
import type { Collection } from './target.ts';

const group = 'bench.coracle.dev';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const patienceMs = 30_000;

/** A kind that every API server with custom resources can be given. */
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { data: { type: 'object', additionalProperties: { type: 'string' } } },
          },
        },
      },
    ],
  },
};

/** Sees to it that the server serves Widgets in the namespace default, and that there are none. Throws when it does not come to that. */
export async function ensureWidgets(connection: Connection): Promise<Collection> {
  const collection = {
    path: `/apis/${group}/v1/namespaces/default/widgets`,
    apiVersion: `${group}/v1`,
    kind: 'Widget',
  };
  const created = await connection.request('POST', definitions, JSON.stringify(definition));
  if (created.status !== 201 && created.status !== 409) {
    throw new Error(`the CustomResourceDefinition was answered with ${created.status}: ${created.body.toString()}`);
  }
  for (const started = performance.now(); ; await pause(100)) {
    const { status, body } = await connection.request('DELETE', collection.path);
    if (status === 200) return collection;
    if (performance.now() - started > patienceMs)
      throw new Error(`Widgets are not served: ${status} ${body.toString()}`);
  }
}
