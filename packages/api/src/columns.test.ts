import { expect, it } from '@jest/globals';
import { builtinKinds } from './builtin.ts';

const typesOf = (resource: string): Record<string, string> => {
  const kind = builtinKinds.find((each) => each.plural === resource)!;
  return Object.fromEntries(
    (kind.columns ?? []).map(({ name, type, format }) => [name, format ? `${type} ${format}` : type]),
  );
};

it.each<[string, Record<string, string>]>([
  ['clusterroles', { 'Created At': 'date' }],
  ['roles', { 'Created At': 'date' }],
  ['limitranges', { 'Created At': 'date' }],
  ['customresourcedefinitions', { 'Created At': 'date' }],
  ['configmaps', { Data: 'string' }],
  ['secrets', { Data: 'string' }],
  ['serviceaccounts', { Secrets: 'string' }],
  ['deployments', { 'Up-to-date': 'string', Available: 'string' }],
  ['controllerrevisions', { Revision: 'string' }],
  ['horizontalpodautoscalers', { MinPods: 'string', MaxPods: 'string', Replicas: 'string' }],
  ['flowschemas', { MatchingPrecedence: 'string' }],
  ['cronjobs', { Suspend: 'boolean', Active: 'integer' }],
  ['csidrivers', { AttachRequired: 'boolean', PodInfoOnMount: 'boolean', StorageCapacity: 'boolean' }],
  ['volumeattachments', { Attacher: 'string name', Attached: 'boolean' }],
  ['events', { Name: 'string name' }],
])('columns of %s are of the types %j', (resource, types) => {
  expect(typesOf(resource)).toMatchObject(types);
});

it('a cell of text may be a number', () => {
  const kind = builtinKinds.find(({ plural }) => plural === 'secrets')!;
  const data = kind.columns!.find(({ name }) => name === 'Data')!;
  expect(data.value({ metadata: {}, data: { a: '', b: '' } }, 0)).toBe(2);
});
