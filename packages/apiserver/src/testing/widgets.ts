import type { JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { definitionOf, versionOf } from './definitions.ts';

/** Where definitions are, the group of widgets, and the widgets of a namespace. */
export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const group = '/apis/example.com/v1';
export const widgets = `${group}/namespaces/default/widgets`;

/** The schema of a widget's spec: something of every kind. */
export const widgetSpec: JSONSchemaProps = {
  type: 'object',
  properties: {
    size: { type: 'integer', minimum: 1, default: 3 },
    color: { type: 'string', enum: ['red', 'blue'] },
    note: { type: 'string', nullable: true },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port'],
      items: {
        type: 'object',
        required: ['port'],
        properties: { port: { type: 'integer' }, name: { type: 'string' } },
      },
    },
    raw: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    level: { 'x-kubernetes-int-or-string': true },
    template: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
  },
};

const widgetStatus: JSONSchemaProps = {
  type: 'object',
  properties: { ready: { type: 'integer' }, selector: { type: 'string' }, since: { type: 'string' } },
};

/** Widgets: custom resources with a status, a scale, columns and a field to select by. */
export const widgetDefinition = definitionOf(
  'Widget',
  [
    versionOf(
      { spec: widgetSpec, status: widgetStatus },
      {
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.size',
            statusReplicasPath: '.status.ready',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'First', type: 'string', jsonPath: '.spec.ports[0].name', priority: 1 },
          { name: 'Since', type: 'date', jsonPath: '.status.since' },
        ],
        selectableFields: [{ jsonPath: '.spec.color' }],
      },
    ),
  ],
  { names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] } },
);

/** A widget of this name. */
export const widget = (name: string, spec: object = {}, more: object = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
  ...more,
});

/** The header of a merge patch. */
export const merge = { 'content-type': 'application/merge-patch+json' };
