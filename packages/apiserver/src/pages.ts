import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { AnyKind } from '@coracle/api/kind';
import { append } from '@coracle/api/meta/append';
import { messageOf } from '@coracle/api/meta/message-of';
import { methodNotAllowed } from '@coracle/api/meta/status';
import { version } from '@coracle/api/version';
import { type Check, type Checks, runChecks } from '@coracle/process/checks';
import { exposition } from '@coracle/process/exposition';
import type { HealthMetrics } from '@coracle/process/health-metrics';
import { startTime } from '@coracle/process/start-time';
import express, { type Express, type Request, type Response } from 'express';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Aggregation } from './aggregation/aggregation.ts';
import type { RequestContext } from './chain/link.ts';
import { debugFlags, debugVerbosity } from './debug-flags.ts';
import { aggregatedDiscovery, aggregatedType } from './discovery/aggregated.ts';
import { coreVersions, groupList, servedGroups, singleGroup } from './discovery/groups.ts';
import { resourceList } from './discovery/resources.ts';
import { parseAccept } from './endpoints/negotiation.ts';
import { PageNotFound } from './endpoints/plain-error.ts';
import { send, sendIndented, sendJson, sendNothing, sendValue } from './endpoints/response.ts';
import { nobodysPath } from './endpoints/unknown-path.ts';
import { acceptedEncoding, v2Encodings, v3Encodings, v3Protobuf } from './openapi/encodings.ts';
import type { OpenApiService, Prepared } from './openapi/service.ts';
import type { SubresourceTable } from './registry/strategy.ts';
import { flagz, statusz } from './zpages.ts';

/** A page of the server's own. */
export type Page = (context: RequestContext) => Promise<void>;

/** What the paths that are no resources show. */
export interface PagesOptions {
  kinds: () => readonly AnyKind[];
  subresources: SubresourceTable;
  openApi: OpenApiService;
  /** What other servers serve. */
  aggregation?: Aggregation;
  metrics: MetricsRegistry;
  /** The checks behind each health endpoint: healthz, livez, readyz. */
  checks: Readonly<Record<string, Checks>>;
  /** `host:port` that clients outside reach the server by. */
  address: () => string;
  /** Further GET pages by path: the service account issuer's. */
  more?: Readonly<Record<string, Page>>;
  /** Further pages by path that answer any method: those of priority and fairness. */
  dumps?: Readonly<Record<string, Page>>;
  /** What /flagz shows, the flags by name; without them there is no such page. */
  flags?: Readonly<Record<string, string>>;
  /** Whether /debug/flags is served. */
  debugging?: boolean;
  /** What /metrics/slis shows. */
  health: HealthMetrics;
  failedChecks: (failures: ReadonlyMap<string, unknown>) => void;
}

const contexts = new WeakMap<object, RequestContext>();

/** Everything that is no resource: discovery, OpenAPI, health, metrics, version, and the index of paths. */
export function pagesOf(options: PagesOptions): (context: RequestContext) => Promise<void> {
  // Express gives requests and responses its own prototypes; one application a protocol keeps HTTP/2's intact beneath them.
  const http1 = applicationOf(options);
  const http2 = applicationOf(options);
  rebase(http2, 'request', Http2ServerRequest.prototype);
  rebase(http2, 'response', Http2ServerResponse.prototype);
  return (context) =>
    new Promise((resolve, reject) => {
      const { req, res } = context;
      contexts.set(req, context);
      res.once('close', resolve);
      const application = req.httpVersionMajor === 2 ? http2 : http1;
      const next = (error?: unknown) => reject(error ?? nobodysPath(context.info, options.kinds()));
      (application as unknown as (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void)(
        req,
        res,
        next,
      );
    });
}

function rebase(application: Express, part: 'request' | 'response', prototype: object): void {
  const own = Object.getOwnPropertyDescriptors(application[part]);
  const shared = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(application[part]) as object);
  Object.defineProperty(application, part, {
    configurable: true,
    enumerable: true,
    writable: true,
    value: Object.create(prototype, { ...shared, ...own }),
  });
}

function applicationOf(options: PagesOptions): Express {
  const { kinds, subresources, openApi, aggregation, metrics } = options;
  const application = express();
  application.disable('x-powered-by');
  application.disable('etag');
  application.enable('case sensitive routing');
  application.enable('strict routing');
  type Show = (context: RequestContext, req: Request) => Promise<void>;
  /** A page that answers any method, also one nobody knows, as most of upstream's do. */
  const page = (path: string, show: Show) =>
    application.route(path).all((req: Request, _res: Response) => show(contexts.get(req)!, req));
  /** A page that answers GET alone, with or without a slash at its end. */
  const document = (path: string, show: Show) =>
    page(`${path}{/}`, (context, req) => {
      if (context.req.method !== 'GET') throw methodNotAllowed();
      return show(context, req);
    });

  document('/version', (context) => sendIndented(context, 200, version));
  const metricsPage = (path: string, shown: MetricsRegistry) =>
    page(path, async (context) => {
      const { text, contentType } = await exposition(shown, context.req.headers.accept);
      context.res.setHeader(startTime.name, startTime.value);
      await send(context, 200, contentType, Buffer.from(text));
    });
  metricsPage('/metrics', metrics);
  metricsPage('/metrics/slis', options.health.registry);

  document('/api', (context) => {
    if (wantsAggregated(context)) return sendAggregated(context, 'api', options);
    return sendValue(context, 200, coreVersions(options.address()));
  });
  page('/apis{/}', (context) => {
    if (wantsAggregated(context)) return sendAggregated(context, 'apis', options);
    return sendValue(context, 200, groupList(kinds(), aggregation?.registrations));
  });
  document('/api/v1', (context) => sendValue(context, 200, resourceList('v1', kinds(), subresources)));
  page('/apis/:group{/}', (context, { params }) => {
    const group = singleGroup(kinds(), params.group as string, aggregation?.registrations);
    if (!group) throw nobodysPath(context.info, kinds());
    return sendValue(context, 200, group);
  });
  page('/apis/:group/:version{/}', (context, { params }) => {
    const [group, wanted] = [params.group as string, params.version as string];
    if (group === '' || !servedGroups(kinds()).get(group)?.includes(wanted)) throw nobodysPath(context.info, kinds());
    // What custom resources declare alone is shown whatever the method.
    const isBuiltIn = kinds().some((each) => each.group === group && each.version === wanted && !each.dynamic);
    if (isBuiltIn && context.req.method !== 'GET') throw methodNotAllowed();
    return sendValue(context, 200, resourceList(`${group}/${wanted}`, kinds(), subresources));
  });

  page('/openapi/v2', (context) => sendOpenApiV2(context, options));
  page('/openapi/v3', async (context) => {
    await openApi.describe();
    await sendJson(context, 200, openApi.index(aggregation?.openApi));
  });
  page('/openapi/v3/*root', (context, { params }) => {
    const root = (params.root as unknown as string[]).join('/');
    const remote = aggregation?.remoteOf(`/${root}`);
    if (!remote) return describedBy(context, root, openApi);
    const made = aggregation!.openApiOf(remote);
    return made ? sendOpenApi(context, root, made) : aggregation!.passOn(context, remote);
  });

  for (const [endpoint, checks] of Object.entries(options.checks)) {
    page(`/${endpoint}`, (context) => sendHealth(context, endpoint, checks, options));
    page(`/${endpoint}/*check`, (context, { params }) => {
      const name = (params.check as unknown as string[]).join('/');
      if (name === 'ping') return sendText(context, 200, 'ok');
      if (!Object.hasOwn(checks, name)) throw new PageNotFound();
      return sendCheck(context, name, checks[name]!, options);
    });
  }
  for (const [path, show] of Object.entries(options.more ?? {})) document(path, show);
  for (const [path, show] of Object.entries(options.dumps ?? {})) page(path, show);
  page('/statusz', (context) => statusz(context, rootPaths(options)));
  const { flags } = options;
  if (flags) page('/flagz', (context) => flagz(context, flags));
  if (options.debugging) {
    page('/debug/flags/v', debugVerbosity);
    page('/debug/flags', debugFlags);
    page('/debug/flags/{*any}', debugFlags);
  }
  for (const path of ['/', '/index.html']) {
    page(path, (context) => sendIndented(context, 200, { paths: rootPaths(options) }));
  }
  return application;
}

async function sendHealth(
  context: RequestContext,
  endpoint: string,
  checks: Checks,
  { failedChecks, health }: PagesOptions,
): Promise<void> {
  context.counted = 'answered';
  const { status, body } = await runChecks(endpoint, checks, context.query, failedChecks, health.observe);
  context.res.setHeader('X-Content-Type-Options', 'nosniff');
  await sendText(context, status, body);
}

/** One check of health; who may ask for it alone is told why it fails. */
async function sendCheck(
  context: RequestContext,
  name: string,
  check: Check,
  { failedChecks }: PagesOptions,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    failedChecks(new Map([[name, error]]));
    context.res.setHeader('X-Content-Type-Options', 'nosniff');
    return sendText(context, 500, `internal server error: ${messageOf(error)}\n`);
  }
  return sendText(context, 200, 'ok');
}

const sendText = (context: RequestContext, status: number, text: string): Promise<void> =>
  send(context, status, 'text/plain; charset=utf-8', Buffer.from(text));

async function sendOpenApiV2(context: RequestContext, { openApi, aggregation }: PagesOptions): Promise<void> {
  const { req, res } = context;
  const media = acceptedEncoding(req.headers.accept, v2Encodings);
  res.setHeader('Vary', 'Accept');
  if (media === undefined) return sendNothing(context, 406);
  await openApi.describe();
  const { body, hash } = openApi.v2(
    media === v2Encodings.protobuf ? 'protobuf' : 'json',
    await aggregation?.openApiV2(),
  );
  res.setHeader('Etag', `"${hash}"`);
  if (req.headers['if-none-match'] === `"${hash}"`) return send(context, 304, 'application/json', Buffer.alloc(0));
  return send(context, 200, media, body);
}

const yearMs = 365 * 24 * 3600 * 1000;

async function describedBy(context: RequestContext, root: string, openApi: OpenApiService): Promise<void> {
  await openApi.describe();
  const document = openApi.document(root);
  if (!document) return sendNothing(context, 404);
  return sendOpenApi(context, root, document);
}

async function sendOpenApi(context: RequestContext, root: string, document: Prepared): Promise<void> {
  const { req, res, query } = context;
  const media = acceptedEncoding(req.headers.accept, v3Encodings);
  res.setHeader('Vary', 'Accept');
  if (media === undefined) return sendNothing(context, 406);
  const etag = `"${document.hash}"`;
  const asked = query.get('hash');
  if (asked && asked !== document.hash) {
    res.setHeader('Location', `/openapi/v3/${root}?hash=${document.hash}`);
    return send(context, 301, 'text/plain; charset=utf-8', Buffer.alloc(0));
  }
  res.setHeader('Etag', etag);
  // A document with its hash in the URL never changes.
  if (asked) {
    res.setHeader('Cache-Control', 'public, immutable');
    res.setHeader('Expires', new Date(Date.now() + yearMs).toUTCString());
  }
  if (req.headers['if-none-match'] === etag) return send(context, 304, 'application/json', Buffer.alloc(0));
  await send(context, 200, media, media === v3Encodings.protobuf ? v3Protobuf(document) : document.body);
}

function wantsAggregated({ req }: RequestContext): boolean {
  return parseAccept(req.headers.accept ?? '').some(
    ({ type, parameters }) =>
      type === 'application/json' &&
      parameters.get('as') === 'APIGroupDiscoveryList' &&
      parameters.get('g') === 'apidiscovery.k8s.io' &&
      parameters.get('v') === 'v2',
  );
}

async function sendAggregated(
  context: RequestContext,
  root: 'api' | 'apis',
  { kinds, subresources, aggregation }: PagesOptions,
): Promise<void> {
  context.counted = 'answered';
  const { body, etag } = aggregatedDiscovery(root, kinds(), subresources, aggregation?.registrations);
  const { res, req } = context;
  res.setHeader('ETag', etag);
  res.setHeader('Vary', 'Accept');
  res.setHeader('Cache-Control', 'public');
  if (req.headers['if-none-match'] === etag) return send(context, 304, aggregatedType, Buffer.alloc(0));
  await send(context, 200, aggregatedType, Buffer.from(`${JSON.stringify(body)}\n`));
}

function rootPaths({ kinds, aggregation, checks, more, dumps, flags }: PagesOptions): string[] {
  const paths = [
    '/api',
    '/api/v1',
    '/apis',
    '/apis/',
    '/metrics',
    '/metrics/slis',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/statusz',
    '/version',
    ...(flags ? ['/flagz'] : []),
  ];
  for (const [group, versions] of servedGroups(kinds(), aggregation?.registrations)) {
    if (group === '') continue;
    paths.push(`/apis/${group}`, ...versions.map((each) => `/apis/${group}/${each}`));
  }
  for (const [endpoint, named] of Object.entries(checks)) {
    paths.push(`/${endpoint}`, ...['ping', ...Object.keys(named)].map((each) => `/${endpoint}/${each}`));
  }
  append(paths, Object.keys({ ...more, ...dumps }));
  return paths.sort();
}
