import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import { describe, expect, it } from '@jest/globals';
import type { AnyObject } from '../resources/resource.ts';
import { Description } from './description.ts';
import { describeGeneric, titleOf } from './generic.ts';
import { ruleRows } from './rbac.ts';
import { endpointsText } from './service.ts';

describe('a description', () => {
  it('aligns its columns, block by block', () => {
    const out = new Description();
    out.line(0, 'Name:\tx');
    out.labels('Labels', { b: '2', a: '1' });
    out.annotations('Annotations', { long: `${'word '.repeat(40)}\nend`, short: 'x' });
    out.endBlock();
    out.line(0, 'Events:\t<none>');
    expect(out.toString()).toBe(
      [
        'Name:         x',
        'Labels:       a=1',
        '              b=2',
        'Annotations:  long:',
        `                ${'word '.repeat(28).slice(0, 138)}...`,
        '                end',
        '              short: x',
        'Events:  <none>',
        '',
      ].join('\n'),
    );
  });

  it('of an unknown kind shows its fields under titles', () => {
    const object = {
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name: 'x', namespace: 'n', creationTimestamp: 'T', managedFields: [{}] },
      spec: { apiURL: 'u', list: ['a', { deepField: true }], 'odd.name': 1 },
    } as unknown as AnyObject;
    expect(describeGeneric(object).toString().split('\n')).toEqual([
      'Name:         x',
      'Namespace:    n',
      'Labels:       <none>',
      'Annotations:  <none>',
      'API Version:  example.com/v1',
      'Kind:         Thing',
      'Metadata:',
      '  Creation Timestamp:  T',
      'Spec:',
      '  API URL:  u',
      '  List:',
      '    a',
      '    Deep Field:  true',
      '  odd.name:      1',
      '',
    ]);
    expect(titleOf('resourceVersion')).toBe('Resource Version');
  });
});

describe('rules', () => {
  it('are broken down to one resource each, verbs together, sorted by the whole rule', () => {
    const rules = [
      { apiGroups: ['', 'apps'], resources: ['x'], verbs: ['list'] },
      { apiGroups: [''], resources: ['x'], verbs: ['get', 'list'] },
      { apiGroups: ['apps'], resources: ['y/status'], resourceNames: ['n'], verbs: ['get'] },
      { nonResourceURLs: ['/healthz'], verbs: ['get'] },
    ];
    expect(ruleRows(rules)).toEqual([
      ['', '[/healthz]', '[]', '[get]'],
      ['y.apps/status', '[]', '[n]', '[get]'],
      ['x', '[]', '[]', '[list get]'],
      ['x.apps', '[]', '[]', '[list]'],
    ]);
  });
});

describe('the endpoints of a port', () => {
  const slice = (ready: boolean, ...addresses: string[]): EndpointSlice =>
    ({
      metadata: { name: 's' },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 80 }],
      endpoints: addresses.map((each) => ({ addresses: [each], conditions: { ready } })),
    }) as EndpointSlice;

  it('are the ready ones, three at most', () => {
    expect(endpointsText([], 'http')).toBe('<none>');
    expect(endpointsText([slice(true, '1.1.1.1', '::1'), slice(false, '9.9.9.9')], 'http')).toBe('1.1.1.1:80,[::1]:80');
    expect(endpointsText([slice(true, '1', '2', '3', '4', '5')], 'http')).toBe('1:80,2:80,3:80 + 2 more...');
    expect(endpointsText([slice(true, '1')], 'other')).toBe('');
  });
});
