import { readType } from '../check/type.ts';
import { reading, traversal } from '../cost/factors.ts';
import { scale } from '../cost/range.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import { ArrayList, EntryMap, Opaque } from '../values.ts';
import { succeeds } from './ip.ts';

const type = readType('kubernetes.URL');

interface Parts {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly text: string;
}

class UrlValue extends Opaque {
  override readonly type = type;
  readonly parts: Parts;

  constructor(parts: Parts) {
    super();
    this.parts = parts;
  }

  override equals(other: Opaque): boolean {
    return other instanceof UrlValue && other.parts.text === this.parts.text;
  }
}

/** Reads what may stand in a request: an absolute URI, or an absolute path. Fragments are none of it. Throws EvaluationError. */
function read(text: string): UrlValue {
  const refuse = (why: string) =>
    new EvaluationError(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: ${why}`);
  if (text === '') throw refuse('empty url');
  if (/[\x00-\x1f\x7f]/.test(text)) throw refuse('net/url: invalid control character in URL');
  if (text.startsWith(':')) throw refuse('missing protocol scheme');
  const [, scheme = '', rest = text] = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/s.exec(text) ?? [];
  if (scheme === '' && !text.startsWith('/')) throw refuse('invalid URI for request');
  const [before = '', ...after] = rest.split('?');
  const query = after.join('?');
  const [, authority, path = before] = /^\/\/([^/]*)(.*)$/s.exec(scheme === '' ? '' : before) ?? [];
  if (authority === undefined && !before.startsWith('/')) throw refuse('invalid URI for request');
  const host = (authority ?? '').replace(/^.*@/, '');
  if (/[ <>"{}\\^`]/.test(host))
    throw refuse(`invalid character ${JSON.stringify(/[ <>"{}\\^`]/.exec(host)?.[0])} in host name`);
  const port = /:([^\]:]*)$/.exec(host.replace(/^\[.*\]/, ''))?.[1];
  if (port !== undefined && !/^\d*$/.test(port)) throw refuse(`invalid port ${JSON.stringify(`:${port}`)} after host`);
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path);
  if (wrong) throw refuse(`invalid URL escape ${JSON.stringify(wrong[0])}`);
  return new UrlValue({ scheme: scheme.toLowerCase(), host, path, query, text });
}

const parsing: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text]) => reading(text!),
  estimate: ([text]) => ({ cost: scale(text!.size, traversal) }),
};
const get = (id: string, of: (parts: Parts) => string): Overload =>
  overload(id, 'kubernetes.URL.() string', ({ parts }: UrlValue) => of(parts));

/** URLs (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library). */
export const url: Library = {
  url: [overload('string_to_url', '(string) kubernetes.URL', read, parsing)],
  isURL: [overload('is_url_string', '(string) bool', (text: string) => succeeds(() => read(text)))],
  getScheme: [get('url_get_scheme', ({ scheme }) => scheme)],
  getHost: [get('url_get_host', ({ host }) => host)],
  getHostname: [get('url_get_hostname', ({ host }) => host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'))],
  getPort: [get('url_get_port', ({ host }) => /:(\d*)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? '')],
  getEscapedPath: [
    get('url_get_escaped_path', ({ path }) => path.replace(/[^!-~]|["<>\\^`{|}]/gu, encodeURIComponent)),
  ],
  getQuery: [
    overload('url_get_query', 'kubernetes.URL.() map(string, list(string))', ({ parts }: UrlValue) => {
      const all = new Map<string, string[]>();
      for (const [key, value] of new URLSearchParams(parts.query)) all.set(key, [...(all.get(key) ?? []), value]);
      return new EntryMap([...all].map(([key, values]) => [key, new ArrayList(values)] as const));
    }),
  ],
};
