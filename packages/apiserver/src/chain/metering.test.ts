import { forbiddenError } from '@coracle/api/meta/status';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { define } from '../testing/definitions.ts';
import { type Call, callsTo } from '../testing/http.ts';
import { widget, widgetDefinition, widgets } from '../testing/widgets.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import type { Link } from './link.ts';
import { maxInFlight } from './max-in-flight.ts';

let server: TestServer;
let call: Call;

/** Refuses who says that they are not to be let in; who says that they wait waits, and there is room for one who reads. */
const refusing: Link = (context, next) => {
  if (context.req.headers['x-test'] === 'refuse') throw forbiddenError({ group: '', resource: 'a' }, 'b', 'no');
  return next();
};
const limit = maxInFlight({ readOnly: 1, mutating: 0 });
let waiting = Promise.withResolvers<void>();
const slow: Link = async (context, next) => {
  if (context.req.headers['x-test'] === 'wait') await waiting.promise;
  await next();
};

beforeAll(async () => {
  const namedSo: Link = (context, next) => {
    context.user = { name: 'jane', uid: '', groups: [], extra: {} };
    return next();
  };
  server = await startApiServer({ links: [namedSo, refusing, limit, slow] });
  call = callsTo(server.url);
  await define(call, widgetDefinition);
});
afterAll(() => server.close());

type Counts = ReadonlyMap<string, number>;

/** The samples of a metric, with those of their labels that say something, by name. */
async function samplesOf(metric: string): Promise<Counts> {
  const { text } = await call('GET', '/metrics');
  const found = new Map<string, number>();
  for (const [, labels = '', value] of text.matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\S+)$`, 'gm'))) {
    const said = [...labels.matchAll(/([a-z_]+)="([^"]+)"/g)].map(([, name, is]) => `${name}=${is}`);
    found.set(said.sort().join(' '), Number(value));
  }
  return found;
}

/** What requests add to the samples of a metric. */
async function added(metric: string, during: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await samplesOf(metric);
  await during();
  const now = await samplesOf(metric);
  return Object.fromEntries(
    [...now].map(([labels, value]) => [labels, value - (before.get(labels) ?? 0)]).filter(([, more]) => more !== 0),
  ) as Record<string, number>;
}

const total = 'apiserver_request_total';
const about = 'component=apiserver group=example.com resource=widgets';

it('counts what something answers, whatever the answer', async () => {
  const counts = await added(total, async () => {
    await call('GET', '/api/v1/namespaces/default/configmaps/a');
    await call('POST', '/api/v1/namespaces/default/configmaps', 'nonsense');
    await call('PATCH', `${widgets}/a`, {}, { 'content-type': 'application/nonsense' });
  });
  expect(counts).toEqual({
    'code=404 component=apiserver resource=configmaps scope=resource verb=GET version=v1': 1,
    'code=400 component=apiserver resource=configmaps scope=resource verb=POST version=v1': 1,
    [`code=415 ${about} scope=resource verb=PATCH version=v1`]: 1,
  });
});

it('counts neither what is refused before, nor what nothing answers, nor pages', async () => {
  const counts = await added(total, async () => {
    await call('GET', '/api/v1/configmaps', undefined, { 'x-test': 'refuse' });
    for (const path of ['/api/v1/nothings', '/nothing', '/version', '/api/v1', '/openapi/v3', '/readyz/ping']) {
      await call('GET', path);
    }
    await call('DELETE', '/api/v1/configmaps/a');
    await call('PUT', '/api/v1/namespaces/default/configmaps', {});
    await call('GET', `${widgets}/a/nothing`);
  });
  expect(counts).toEqual({});
});

it('counts the pages of health, of the process, and discovery that is aggregated', async () => {
  const counts = await added(total, async () => {
    await call('GET', '/livez');
    await call('POST', '/readyz', {});
    await call('GET', '/statusz');
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    await call('GET', '/apis', undefined, { accept });
    await call('GET', '/apis');
  });
  expect(counts).toEqual({
    'code=200 subresource=/livez verb=GET': 1,
    'code=200 subresource=/readyz verb=POST': 1,
    'code=200 component=apiserver resource=statusz verb=GET': 1,
    'code=200 component=apiserver subresource=/apis verb=GET': 1,
  });
});

it('counts what a limit refuses as such, and measures nothing of it', async () => {
  const refuse = async () => {
    waiting = Promise.withResolvers();
    const first = call('GET', '/api/v1/secrets', undefined, { 'x-test': 'wait' });
    let refused = 0;
    while (refused !== 429) refused = (await call('GET', '/api/v1/nodes')).status;
    waiting.resolve();
    await first;
  };
  const labels = 'code=429 component=apiserver resource=nodes scope=cluster verb=LIST version=v1';
  expect(await added(total, refuse)).toMatchObject({ [labels]: 1 });
  expect(await added('apiserver_request_terminations_total', refuse)).toEqual({ [labels]: 1 });
});

it('times dry runs and watches apart from what clients wait for', async () => {
  const counts = await added('apiserver_request_sli_duration_seconds_count', async () => {
    await call('POST', `${widgets}?dryRun=All`, widget('dry'));
    await call('GET', `${widgets}?watch=1&timeoutSeconds=1`);
    await call('POST', widgets, widget('made'));
  });
  expect(counts).toEqual({ [`${about} scope=resource verb=POST version=v1`]: 1 });
});

it('tells the size of reads, also of watches of what is built in', async () => {
  const counts = await added('apiserver_response_sizes_count', async () => {
    await call('GET', `${widgets}?watch=1&timeoutSeconds=1`);
    await call('GET', '/api/v1/watch/configmaps?timeoutSeconds=1');
    await call('GET', '/api/v1/configmaps?watch=1&timeoutSeconds=1');
    await call('POST', '/healthz', {});
    await call('GET', widgets);
  });
  expect(counts).toEqual({
    'component=apiserver resource=configmaps scope=cluster verb=WATCH version=v1': 1,
    'subresource=/healthz verb=POST': 1,
    [`${about} scope=namespace verb=LIST version=v1`]: 1,
  });
});

it('sees one object where a selector of names says so: of custom resources always, of others in watches that are open', async () => {
  const one = '?fieldSelector=metadata.name%3Da';
  const counts = await added(total, async () => {
    await call('GET', widgets + one);
    await call('GET', `/api/v1/configmaps${one}`);
  });
  expect(counts).toEqual({
    [`code=200 ${about} scope=resource verb=GET version=v1`]: 1,
    'code=200 component=apiserver resource=configmaps scope=cluster verb=LIST version=v1': 1,
  });
  const stop = new AbortController();
  await fetch(`${server.url}/api/v1/configmaps${one}&watch=1`, { signal: stop.signal });
  const open = await samplesOf('apiserver_longrunning_requests');
  expect(open.get('component=apiserver resource=configmaps scope=resource verb=WATCH version=v1')).toBe(1);
  stop.abort();
});

it('times lists by watch where the end of the list is told', async () => {
  const watched = async (more: string) =>
    (await fetch(`${server.url}${widgets}?watch=1&timeoutSeconds=1&allowWatchBookmarks=${more}`)).text();
  const counts = await added('apiserver_watch_list_duration_seconds_count', async () => {
    await watched('false');
    await watched('true');
  });
  expect(counts).toEqual({ 'group=example.com resource=widgets scope=namespace version=v1': 1 });
});
