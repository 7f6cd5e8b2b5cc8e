/**
 * What a request asks for, read from its method and path alone; what authorization, audit, flow control and routing look at.
 * Follows upstream's RequestInfo (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-attributes).
 */
export interface RequestInfo {
  /** Whether the path names an API resource (`/api/v1/pods`) and not something else (`/healthz`, `/apis/apps/v1`). */
  isResourceRequest: boolean;
  /** The path without its query. */
  path: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the lower-case method off resource paths. */
  verb: string;
  /** `api` or `apis`; empty off resource paths. */
  apiPrefix: string;
  apiGroup: string;
  apiVersion: string;
  namespace: string;
  /** Plural resource name. */
  resource: string;
  subresource: string;
  name: string;
  /** The path's segments from the resource on: `pods/web/proxy/a/b` gives `['pods', 'web', 'proxy', 'a', 'b']`. */
  parts: string[];
  /** Selectors of a list, watch or deletecollection as the client wrote them; authorizers may look at them. */
  labelSelector?: string;
  fieldSelector?: string;
}

const specialVerbs = new Set(['proxy', 'watch']);
const namespaceSubresources = new Set(['status', 'finalize']);

const verbOfMethod: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** The group and version of a request as objects name them: `apps/v1`, `v1`. */
export function groupVersionOf({ apiGroup, apiVersion }: Pick<RequestInfo, 'apiGroup' | 'apiVersion'>): string {
  return apiGroup === '' ? apiVersion : `${apiGroup}/${apiVersion}`;
}

/** Reads a request's method and URL (`/api/v1/namespaces/a/pods?watch=1`). Never throws: what it cannot read is no resource request. */
export function requestInfoOf(method: string, url: string): RequestInfo {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const info: RequestInfo = {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    apiPrefix: '',
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    parts: [],
  };
  let parts = segments(path);
  if (parts.length < 3 || (parts[0] !== 'api' && parts[0] !== 'apis')) return info;
  if (parts[0] === 'apis' && parts.length < 4) return info;
  info.apiPrefix = parts[0];
  if (parts[0] === 'apis') {
    info.apiGroup = parts[1]!;
    parts = parts.slice(1);
  }
  info.isResourceRequest = true;
  info.apiVersion = parts[1]!;
  parts = parts.slice(2);

  if (specialVerbs.has(parts[0]!)) {
    if (parts.length < 2) return { ...info, isResourceRequest: false };
    info.verb = parts[0]!;
    parts = parts.slice(1);
  } else {
    info.verb = verbOfMethod[method] ?? '';
  }

  if (parts[0] === 'namespaces') {
    if (parts.length > 1) {
      info.namespace = parts[1]!;
      // The rest names a resource in the namespace, unless it is a subresource of the namespace itself.
      if (parts.length > 2 && !namespaceSubresources.has(parts[2]!)) parts = parts.slice(2);
    }
  }
  info.parts = parts;
  info.resource = parts[0] ?? '';
  info.name = parts[1] ?? '';
  info.subresource = parts[2] ?? '';

  if (info.name === '' && (info.verb === 'get' || info.verb === 'delete')) {
    const query = mark < 0 ? undefined : new URLSearchParams(url.slice(mark + 1));
    if (info.verb === 'delete') info.verb = 'deletecollection';
    else info.verb = isTrue(query?.get('watch')) ? 'watch' : 'list';
    readSelectors(info, query);
  } else if (info.verb === 'get' || info.verb === 'watch') {
    // A watch of one object: `?watch=1` beside a name stays a get in upstream; only /watch/ paths watch by name.
    if (mark >= 0) readSelectors(info, new URLSearchParams(url.slice(mark + 1)));
  }
  // A collection narrowed to one name by a field selector counts as that name, so that rules with resourceNames apply.
  if (info.name === '' && info.fieldSelector !== undefined) info.name = nameIn(info.fieldSelector);
  return info;
}

function readSelectors(info: RequestInfo, query: URLSearchParams | undefined): void {
  const labelSelector = query?.get('labelSelector');
  const fieldSelector = query?.get('fieldSelector');
  if (labelSelector) info.labelSelector = labelSelector;
  if (fieldSelector) info.fieldSelector = fieldSelector;
}

function nameIn(fieldSelector: string): string {
  for (const term of fieldSelector.split(',')) {
    const match = /^metadata\.name==?([^=!]+)$/.exec(term.trim());
    if (match && /^[^/%]+$/.test(match[1]!) && match[1] !== '.' && match[1] !== '..') return match[1]!;
  }
  return '';
}

/** `?watch`, `?watch=1`, `?watch=true` watch; `0` and `false` do not, as upstream's query conversion reads booleans. */
export function isTrue(value: string | null | undefined): boolean {
  if (value === null || value === undefined) return false;
  return value.toLowerCase() !== 'false' && value !== '0';
}

function segments(path: string): string[] {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  if (trimmed === '') return [];
  return trimmed.split('/').map((part) => {
    if (!part.includes('%')) return part;
    try {
      return decodeURIComponent(part);
    } catch {
      return part; // an invalid escape names nothing; the lookup of the literal text answers that
    }
  });
}
