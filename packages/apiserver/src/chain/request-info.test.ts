import { describe, expect, it } from '@jest/globals';
import { requestInfoOf } from './request-info.ts';

describe('requestInfoOf', () => {
  it.each([
    // method, URL, verb, group, version, namespace, resource, subresource, name
    ['GET', '/api/v1/pods', 'list', '', 'v1', '', 'pods', '', ''],
    ['GET', '/api/v1/pods?watch=true', 'watch', '', 'v1', '', 'pods', '', ''],
    ['GET', '/api/v1/pods?watch=1', 'watch', '', 'v1', '', 'pods', '', ''],
    ['GET', '/api/v1/pods?watch=false', 'list', '', 'v1', '', 'pods', '', ''],
    ['GET', '/api/v1/namespaces/a/pods/x', 'get', '', 'v1', 'a', 'pods', '', 'x'],
    ['HEAD', '/api/v1/namespaces/a/pods/x', 'get', '', 'v1', 'a', 'pods', '', 'x'],
    ['POST', '/api/v1/namespaces/a/pods/x/binding', 'create', '', 'v1', 'a', 'pods', 'binding', 'x'],
    [
      'PUT',
      '/apis/apps/v1/namespaces/a/deployments/x/status',
      'update',
      'apps',
      'v1',
      'a',
      'deployments',
      'status',
      'x',
    ],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/x', 'patch', 'apps', 'v1', 'a', 'deployments', '', 'x'],
    ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection', '', 'v1', 'a', 'pods', '', ''],
    ['DELETE', '/api/v1/namespaces/a/pods/x', 'delete', '', 'v1', 'a', 'pods', '', 'x'],
    ['GET', '/api/v1/namespaces', 'list', '', 'v1', '', 'namespaces', '', ''],
    ['GET', '/api/v1/namespaces/a', 'get', '', 'v1', 'a', 'namespaces', '', 'a'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update', '', 'v1', 'a', 'namespaces', 'finalize', 'a'],
    ['GET', '/api/v1/namespaces/a/status', 'get', '', 'v1', 'a', 'namespaces', 'status', 'a'],
    ['GET', '/api/v1/nodes/n/proxy/stats/summary', 'get', '', 'v1', '', 'nodes', 'proxy', 'n'],
    ['GET', '/api/v1/watch/namespaces/a/pods/x', 'watch', '', 'v1', 'a', 'pods', '', 'x'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dx', 'list', '', 'v1', '', 'pods', '', 'x'],
    ['GET', '/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dx', 'watch', '', 'v1', '', 'pods', '', 'x'],
    ['GET', '/api/v1/namespaces/a/configmaps/a%2Fb', 'get', '', 'v1', 'a', 'configmaps', '', 'a/b'],
  ])('%s %s', (method, url, verb, apiGroup, apiVersion, namespace, resource, subresource, name) => {
    expect(requestInfoOf(method, url)).toMatchObject({
      isResourceRequest: true,
      verb,
      apiGroup,
      apiVersion,
      namespace,
      resource,
      subresource,
      name,
    });
  });

  it.each([
    ['GET', '/'],
    ['GET', '/healthz'],
    ['GET', '/api'],
    ['GET', '/api/v1'],
    ['GET', '/apis/apps/v1'],
    ['POST', '/version'],
    ['GET', '/api/v1/watch'],
    ['GET', '//'],
    ['GET', '/%'],
  ])('%s %s is no resource', (method, url) => {
    expect(requestInfoOf(method, url)).toMatchObject({ isResourceRequest: false, path: url });
  });

  it('keeps what follows a subresource', () => {
    expect(requestInfoOf('GET', '/api/v1/namespaces/a/pods/x/proxy/b/c').parts).toEqual([
      'pods',
      'x',
      'proxy',
      'b',
      'c',
    ]);
  });
});
