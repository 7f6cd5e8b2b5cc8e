import type { Attributes } from '@coracle/process';

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Paths with a permission of their own (KEP-2862); `nodes/proxy` allows them too. */
const fine: [prefix: RegExp, subresource: string][] = [
  [/^\/(pods|runningpods)(\/|$)/, 'pods'],
  [/^\/healthz(\/|$)/, 'healthz'],
  [/^\/configz$/, 'configz'],
];
const coarse: [prefix: RegExp, subresource: string][] = [
  [/^\/stats(\/|$)/, 'stats'],
  [/^\/metrics(\/|$)/, 'metrics'],
  [/^\/logs(\/|$)/, 'log'],
  [/^\/checkpoint(\/|$)/, 'checkpoint'],
];

/** What a request to the kubelet needs: access to a subresource of its node. Any one of the list is enough. */
export function requiredAccess(method: string, path: string, nodeName: string): Attributes[] {
  const verb = verbs[method] ?? '';
  const attributes = (subresource: string): Attributes => ({
    resourceAttributes: { verb, group: '', version: 'v1', resource: 'nodes', name: nodeName, subresource },
  });
  const narrow = fine.find(([prefix]) => prefix.test(path));
  if (narrow) return [attributes(narrow[1]), attributes('proxy')];
  const known = coarse.find(([prefix]) => prefix.test(path));
  return [attributes(known?.[1] ?? 'proxy')];
}
