import {
  boolFlag,
  choiceFlag,
  durationFlag,
  type FlagValues,
  floatFlag,
  intFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process/flags';
import type { Link } from '../link.ts';
import { goaway } from './goaway.ts';
import { strictTransport } from './strict-transport.ts';

const generic = 'generic';

/** How requests are taken, whatever they ask for, and how the server begins and ends. */
export const genericFlags = {
  'advertise-address': stringFlag({
    group: generic,
    help: "IP address the cluster reaches this server by, the endpoint of the Service kubernetes. Unset, --bind-address, or else the machine's first own address.",
  }),
  'external-hostname': stringFlag({
    group: generic,
    help: 'Name that clients outside the cluster reach this server by, told in the answer of /api. Unset, the advertised address.',
  }),
  'endpoint-reconciler-type': choiceFlag({
    group: generic,
    default: 'lease',
    choices: ['lease', 'none'],
    help: 'Who keeps the endpoints of the Service kubernetes: lease names all API servers that are alive, none leaves them alone.',
  }),
  'request-timeout': durationFlag({
    group: generic,
    default: 60_000,
    help: 'How long a request may take before it ends with 504. Watches and other long-running requests have limits of their own.',
  }),
  'max-requests-inflight': intFlag({
    group: generic,
    default: 400,
    help: 'With --max-mutating-requests-inflight, the seats that priority levels share. Without priority and fairness, how many reading requests are worked on at once; 0 sets no limit.',
  }),
  'max-mutating-requests-inflight': intFlag({
    group: generic,
    default: 200,
    help: 'With --max-requests-inflight, the seats that priority levels share. Without priority and fairness, how many changing requests are worked on at once; 0 sets no limit.',
  }),
  'enable-priority-and-fairness': boolFlag({
    group: generic,
    default: true,
    help: 'Whether requests get their turn as FlowSchemas and PriorityLevelConfigurations say; else those beyond the limits are refused at once.',
  }),
  'min-request-timeout': intFlag({
    group: generic,
    default: 1800,
    help: 'Seconds a watch lasts at least when it names no timeoutSeconds; each gets a random time from this to twice this.',
  }),
  'livez-grace-period': durationFlag({
    group: generic,
    help: 'How long the server may take to start: until then /livez passes the steps of the start that are not done.',
  }),
  'shutdown-delay-duration': durationFlag({
    group: generic,
    help: 'How long to go on serving after a stop signal, while /readyz already fails, so that load balancers can turn elsewhere.',
  }),
  'shutdown-send-retry-after': boolFlag({
    group: generic,
    help: 'Whether the server goes on listening until the requests under way are answered, and answers new ones with 429 and Retry-After. By default it stops listening first.',
  }),
  'shutdown-watch-termination-grace-period': durationFlag({
    group: generic,
    help: 'Time over which open watches are ended, evenly but at least 200 a second, when the server stops, so that not all clients come back to other servers at once. 0 ends them at once.',
  }),
  'goaway-chance': floatFlag({
    group: generic,
    help: 'Part of the requests, up to 0.02, after which their HTTP/2 connection is ended, so that clients spread over several servers again. Best 0 where there is one server.',
  }),
  'http2-max-streams-per-connection': intFlag({
    group: generic,
    default: 1000,
    help: 'How many requests a client may have under way on one HTTP/2 connection.',
  }),
  'cors-allowed-origins': stringSliceFlag({
    group: generic,
    help: "Regular expressions of origins whose pages' scripts may ask this server (CORS), for instance ^https://example\\.com(:|$). Unset, none may.",
  }),
  'strict-transport-security-directives': stringSliceFlag({
    group: generic,
    help: 'Directives of the header Strict-Transport-Security: max-age=SECONDS, includeSubDomains, preload. Unset, there is no such header.',
  }),
};

type Flags = FlagValues<typeof genericFlags>;

/** What is wrong with the values, in upstream's words and order; all of it is told at once. */
export function genericFlagProblems(flags: Flags): string[] {
  const negative = (...names: (keyof Flags)[]) =>
    names.filter((name) => Number(flags[name]) < 0).map((name) => `--${name} can not be negative value`);
  const chance = flags['goaway-chance'];
  return [
    ...negative('livez-grace-period', 'max-requests-inflight', 'max-mutating-requests-inflight', 'request-timeout'),
    ...(chance < 0 || chance > 0.02 ? ['--goaway-chance can not be less than 0 or greater than 0.02'] : []),
    ...negative('min-request-timeout', 'shutdown-delay-duration'),
    ...(flags['shutdown-watch-termination-grace-period'] < 0
      ? ['shutdown-watch-termination-grace-period, if provided, can not be a negative value']
      : []),
    ...(flags['http2-max-streams-per-connection'] < 0
      ? ['--http2-max-streams-per-connection can not be a negative value']
      : []),
  ];
}

/** The links before all others that the flags ask for. Rejects on values that cannot be, in upstream's words. */
export async function frontLinksOf(flags: Flags): Promise<Link[]> {
  const links: Link[] = [];
  if (flags['strict-transport-security-directives'].length > 0) {
    links.push(strictTransport(flags['strict-transport-security-directives']));
  }
  if (flags['goaway-chance'] > 0) links.push(goaway(flags['goaway-chance']));
  const origins = flags['cors-allowed-origins'];
  if (origins.length > 0) {
    const { allowedOrigins, cors } = await import('./cors.ts');
    links.push(cors(allowedOrigins(origins)));
  }
  return links;
}
