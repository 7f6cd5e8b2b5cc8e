import { notAcceptable } from '@coracle/api/meta/status';
import { version } from '@coracle/api/version';
import type { RequestContext } from './chain/link.ts';
import { type MediaClause, parseAccept } from './endpoints/negotiation.ts';
import { send, sendStructured } from './endpoints/response.ts';

/** The name the generic server of upstream's has for itself on these pages. */
const component = 'apiserver';

/** A page about the process that is text, or an object of `config.k8s.io` for who asks for that (KEP-4827, KEP-4828). */
interface Zpage {
  name: 'statusz' | 'flagz';
  kind: 'Statusz' | 'Flagz';
  /** What the object has beside its names. */
  content: () => object;
  /** The lines below the heading, given what stands between a name and its value. */
  text: (delimiter: string) => string;
}

const structured = ['application/json', 'application/yaml'] as const;
const plain = 'text/plain';
const versions = ['v1beta1', 'v1alpha1'];
const deprecated = 'v1alpha1';
const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';
/** One of these is drawn for each answer, so that nobody comes to rely on the text. */
const delimiters = [':', ': ', '=', ' '];

/** What may be looked at of a process: its versions, for how long it runs, and its pages by the first part of their paths. */
export function statusz(context: RequestContext, paths: readonly string[]): Promise<void> {
  const started = new Date(Math.floor(performance.timeOrigin / 1000) * 1000);
  const uptime = Math.max(0, Math.floor((Date.now() - started.getTime()) / 1000));
  const about = {
    goVersion: version.goVersion,
    binaryVersion: version.gitVersion.replace(/^v/, ''),
    emulationVersion: `${version.emulationMajor}.${version.emulationMinor}`,
    paths: foldersOf(paths),
  };
  return answer(context, {
    name: 'statusz',
    kind: 'Statusz',
    content: () => ({
      startTime: started.toISOString().replace('.000Z', 'Z'),
      uptimeSeconds: uptime,
      ...about,
    }),
    text: (delimiter) =>
      [
        '',
        ['Started', unixDate(started)],
        ['Up', span(uptime)],
        ['Go version', about.goVersion],
        ['Binary version', about.binaryVersion],
        ['Emulation version', about.emulationVersion],
        ['Paths', about.paths.join(' ')],
      ]
        .map((line) => `${Array.isArray(line) ? line.join(`${delimiter} `) : line}\n`)
        .join(''),
  });
}

/** The flags a process goes by, as text by name. */
export function flagz(context: RequestContext, flags: Readonly<Record<string, string>>): Promise<void> {
  return answer(context, {
    name: 'flagz',
    kind: 'Flagz',
    content: () => ({ flags: Object.fromEntries(sorted(flags)) }),
    text: (delimiter) =>
      sorted(flags)
        .map(([name, value]) => `${name}${delimiter}${value}\n`)
        .join(''),
  });
}

async function answer(context: RequestContext, page: Zpage): Promise<void> {
  context.counted = 'answered';
  const { accept } = context.req.headers;
  const form = (accept ?? '').trim() === '' ? plain : formOf(parseAccept(accept!), page.kind);
  if (!form) throw notAcceptable([...structured, plain]);
  if (form === plain) {
    const delimiter = delimiters[Math.floor(Math.random() * delimiters.length)]!;
    const body = `\n${component} ${page.name}\n${warning}\n${page.text(delimiter)}`;
    return send(context, 200, 'text/plain; charset=utf-8', Buffer.from(body));
  }
  if (form.version === deprecated) {
    const text = `This version of the ${page.name} endpoint is deprecated. Please use a newer version.`;
    context.res.setHeader('Warning', `299 - ${JSON.stringify(text)}`);
  }
  const apiVersion = `config.k8s.io/${form.version}`;
  const value = { kind: page.kind, apiVersion, metadata: { name: component }, ...page.content() };
  const type = `${form.media};g=config.k8s.io;v=${form.version};as=${page.kind}`;
  await sendStructured(context, value, form.media, type);
}

type Form = typeof plain | { media: (typeof structured)[number]; version: string };

function formOf(clauses: readonly MediaClause[], kind: string): Form | undefined {
  for (const { type, parameters } of clauses) {
    const fits = (media: string) => [media, '*/*', `${media.split('/')[0]}/*`].includes(type);
    const [as, group, wanted] = ['as', 'g', 'v'].map((each) => parameters.get(each));
    if (parameters.get('stream') || parameters.get('sv')) continue;
    if (as === kind && group === 'config.k8s.io' && versions.includes(wanted!)) {
      const media = structured.find(fits);
      if (media) return { media, version: wanted! };
    }
    if (as === undefined && group === undefined && wanted === undefined && fits(plain)) return plain;
  }
  return undefined;
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0);
const sorted = (flags: Readonly<Record<string, string>>): [string, string][] => Object.entries(flags).sort(byName);

/** The API's own paths are not for finding faults. */
const notDebugging = new Set(['/api', '/apis', '/openid', '/openapi', '/.well-known', '/']);

function foldersOf(paths: readonly string[]): string[] {
  const folders = new Set(paths.map((path) => `/${path.split('/')[1]}`));
  return [...folders].filter((folder) => !notDebugging.has(folder)).sort();
}

const two = (part: number): string => String(part).padStart(2, '0');

const span = (seconds: number): string =>
  `${Math.floor(seconds / 3600)} hr ${two(Math.floor(seconds / 60) % 60)} min ${two(seconds % 60)} sec`;

/** As `date -u` writes it: `Mon Nov 30 05:59:01 UTC 2026`, the day of the month padded with a space. */
function unixDate(at: Date): string {
  const [weekday, day = '', month, year, time] = at.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}
