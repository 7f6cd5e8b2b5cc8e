import type { AnyKind } from '@coracle/api/kind';
import type { Scheme } from '@coracle/api/scheme';
import { resourceKey, type SubresourceTable } from '../registry/strategy.ts';
import type { RequestContext } from './link.ts';
import { groupVersionOf, type RequestInfo } from './request-info.ts';

/** What metrics say of a request. */
export interface RequestLabels {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: string;
  readonly component: string;
}

/** What a request is about, where this server serves that: labels say nothing else, so that no client can make series. */
export interface Served {
  readonly kind: AnyKind;
  /** The subresource, where the kind has it. */
  readonly subresource: string;
}

/** The kind and subresource a path names; undefined for a kind that is not served here. */
export function servedAs(info: RequestInfo, scheme: Scheme, subresources: SubresourceTable): Served | undefined {
  const kind = scheme.resource(groupVersionOf(info), info.resource);
  if (!kind) return undefined;
  const { subresource } = info;
  if (subresource === '') return { kind, subresource };
  const own = subresource === 'status' || subresource === 'scale' ? kind.subresources?.[subresource] : undefined;
  return { kind, subresource: own || `${resourceKey(kind)}/${subresource}` in subresources ? subresource : '' };
}

/** Subresources that connect a client with something else, whatever the method. */
const connecting = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);
const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** What is said of the pages that are counted. */
const pages: Readonly<Record<string, Partial<RequestLabels>>> = {
  ...Object.fromEntries(['/healthz', '/livez', '/readyz'].map((path) => [path, { subresource: path, component: '' }])),
  ...Object.fromEntries(
    ['/api', '/apis', '/api/', '/apis/'].map((path) => [path, { subresource: path.replace(/\/$/, '') }]),
  ),
  '/statusz': { resource: 'statusz' },
  '/flagz': { resource: 'flagz' },
};

/** The labels of a request, as upstream has them. */
export function labelsOf(context: RequestContext, served: Served | undefined): RequestLabels {
  const { info } = context;
  const verb = verbOf(context, served?.kind);
  const nothing = { group: '', version: '', resource: '' };
  if (!info.isResourceRequest) {
    const said = Object.hasOwn(pages, info.path) ? pages[info.path] : {};
    return { verb, ...nothing, subresource: '', scope: '', component: 'apiserver', ...said };
  }
  const about = served
    ? { group: served.kind.group, version: served.kind.version, resource: served.kind.plural }
    : nothing;
  return {
    verb,
    ...about,
    subresource: served?.subresource ?? '',
    scope: scopeOf(context, served?.kind),
    component: 'apiserver',
  };
}

/** The method as it is written, but for reads of collections (LIST), watches, apply patches, and what connects; `other` for what no route has. */
function verbOf({ info, req }: RequestContext, kind?: AnyKind): string {
  if (info.isResourceRequest) {
    if (connecting.has(info.subresource)) return 'CONNECT';
    if (info.verb === 'watch') return 'WATCH';
    if (info.verb === 'list' && (!kind?.dynamic || info.name === '')) return 'LIST';
    if (info.verb === 'patch' && req.headers['content-type']?.startsWith('application/apply-patch')) return 'APPLY';
  }
  const method = req.method === 'HEAD' ? 'GET' : (req.method ?? '');
  return methods.has(method) ? method : 'other';
}

/**
 * `resource` for one object, or one that is made; else the namespace or the cluster. Of custom resources one object is also what a selector of names
 * finds, and reading that is no LIST.
 */
function scopeOf({ info }: Pick<RequestContext, 'info'>, kind?: AnyKind): string {
  if (!info.isResourceRequest) return '';
  if (info.parts.length > 1 || info.verb === 'create') return 'resource';
  if (kind?.dynamic && info.name !== '') return 'resource';
  return info.namespace === '' ? 'cluster' : 'namespace';
}

/** The scope of a watch: of one object also where a selector of names says so. */
export const selectedScopeOf = (context: Pick<RequestContext, 'info'>): string =>
  context.info.name === '' ? scopeOf(context) : 'resource';

const validations = new Set(['', 'Ignore', 'Warn', 'Strict']);

/** The only dry run there is, or `invalid`. */
export const dryRunLabel = (query: URLSearchParams): string => {
  const asked = query.getAll('dryRun');
  if (asked.length === 0) return '';
  return asked.every((each) => each === 'All') ? 'All' : 'invalid';
};

export const fieldValidationLabel = (query: URLSearchParams): string => {
  const asked = query.get('fieldValidation') ?? '';
  return validations.has(asked) ? asked : 'invalid';
};
