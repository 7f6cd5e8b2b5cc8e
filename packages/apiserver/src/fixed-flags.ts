import { parseBool } from '@coracle/api/meta/parse-bool';
import { parseDuration } from '@coracle/api/meta/time';
import type { Flag } from '@coracle/process/flags';

interface Fixed {
  /** The section of `--help`, upstream's. */
  readonly group: string;
  /** As `--help` names the kind of value; empty for booleans. */
  readonly type: string;
  /** The only text it takes; empty: none at all. */
  readonly only: string;
  readonly help: string;
  /** What is said when it is used. */
  readonly deprecated?: string;
}

function logBuffers<F extends 'json' | 'text'>(format: F) {
  const names = { size: `log-${format}-info-buffer-size`, split: `log-${format}-split-stream` } as const;
  return {
    [names.size]: {
      group: 'logs',
      type: 'quantity',
      only: '0',
      help: `How much of a log in ${format} waits to be written.`,
    },
    [names.split]: {
      group: 'logs',
      type: '',
      only: 'false',
      help: `Whether only errors of a log in ${format} go to standard error.`,
    },
  } as Readonly<Record<(typeof names)[keyof typeof names], Fixed>>;
}

/**
 * Flags of upstream's for what this server does in one way: each takes the text that says so, so that command lines which spell it out work,
 * and refuses any other.
 */
const fixed = {
  'etcd-servers-overrides': {
    group: 'etcd',
    type: 'strings',
    only: '',
    help: 'Further etcd clusters for some resources.',
  },
  'etcd-count-metric-poll-period': {
    group: 'etcd',
    type: 'duration',
    only: '1m0s',
    help: 'How often objects are counted; counts here are those of the caches, as they are.',
  },
  'delete-collection-workers': {
    group: 'etcd',
    type: 'int',
    only: '1',
    help: 'How many objects of a collection are deleted at once.',
  },
  'enable-garbage-collector': {
    group: 'etcd',
    type: '',
    only: 'true',
    help: 'Whether objects that are deleted wait for a garbage collector where they are asked to.',
  },
  'etcd-db-metric-poll-interval': {
    group: 'etcd',
    type: 'duration',
    only: '30s',
    help: 'How often the size of etcd is asked for; here it is asked for when metrics are.',
  },
  'storage-initialization-timeout': {
    group: 'generic',
    type: 'duration',
    only: '1m0s',
    help: 'How long readiness waits for the caches to be loaded; here it waits until they are.',
  },
  'watch-cache': { group: 'etcd', type: '', only: 'true', help: 'Whether watches and lists are served from a cache.' },
  'default-watch-cache-size': {
    group: 'etcd',
    type: 'int',
    only: '100',
    help: 'Size of a cache that --watch-cache-sizes does not name.',
    deprecated: 'watch caches are sized automatically and this flag will be removed in a future version',
  },
  'watch-cache-sizes': {
    group: 'etcd',
    type: 'strings',
    only: '',
    help: 'Sizes of the caches by resource; they hold everything.',
  },
  'lease-reuse-duration-seconds': {
    group: 'etcd',
    type: 'int',
    only: '60',
    help: "Seconds for which events share a lease of etcd's.",
  },
  'cert-dir': {
    group: 'secure serving',
    type: 'string',
    only: '',
    help: 'Where a certificate that was made at the start is kept; it is kept in memory.',
  },
  'disable-http2-serving': { group: 'secure serving', type: '', only: 'false', help: 'Whether HTTP/2 is not spoken.' },
  'permit-address-sharing': {
    group: 'secure serving',
    type: '',
    only: 'true',
    help: 'Whether the address may be bound while old connections to it are ending (SO_REUSEADDR).',
  },
  'max-connection-bytes-per-sec': {
    group: 'misc',
    type: 'int',
    only: '0',
    help: 'How fast a connection of an upgraded request may be; 0 sets no limit.',
  },
  'egress-selector-config-file': {
    group: 'egress selector',
    type: 'string',
    only: '',
    help: 'File that says by which proxies others are reached.',
  },
  'tracing-config-file': { group: 'traces', type: 'string', only: '', help: 'File that says where traces go.' },
  'contention-profiling': {
    group: 'features',
    type: '',
    only: 'false',
    help: 'Whether waiting for locks is profiled.',
  },
  'debug-socket-path': {
    group: 'features',
    type: 'string',
    only: '',
    help: 'Socket on which profiles are served without authentication.',
  },
  'peer-advertise-ip': {
    group: 'misc',
    type: 'string',
    only: '',
    help: 'IP address at which other API servers pass requests on to this one.',
  },
  'peer-advertise-port': {
    group: 'misc',
    type: 'string',
    only: '',
    help: 'Port at which other API servers pass requests on to this one.',
  },
  'peer-ca-file': {
    group: 'misc',
    type: 'string',
    only: '',
    help: "File with the authority of other API servers' certificates.",
  },
  'service-account-signing-endpoint': {
    group: 'authentication',
    type: 'string',
    only: '',
    help: 'Socket of a program that signs service account tokens.',
  },
  'service-account-lookup': {
    group: 'authentication',
    type: '',
    only: 'true',
    help: 'Whether a service account token is good only while its account, and what it is bound to, exist.',
  },
  'kubelet-port': {
    group: 'misc',
    type: 'uint',
    only: '10250',
    help: 'Port of kubelets whose nodes do not say one.',
    deprecated: 'kubelet-port is deprecated and will be removed.',
  },
  'kubelet-read-only-port': {
    group: 'misc',
    type: 'uint',
    only: '10255',
    help: 'Port at which kubelets need no authentication.',
    deprecated: 'kubelet-read-only-port is deprecated and will be removed.',
  },
  'kubelet-timeout': {
    group: 'misc',
    type: 'duration',
    only: '5s',
    help: 'How long kubelets may take for what is no stream.',
  },
  'enable-logs-handler': {
    group: 'misc',
    type: '',
    only: 'false',
    help: 'Whether /logs serves the files below /var/log.',
    deprecated: 'Log handler functionality is deprecated',
  },
  'allow-metric-labels': {
    group: 'metrics',
    type: 'stringToString',
    only: '',
    help: 'Values that labels of metrics may have.',
  },
  'allow-metric-labels-manifest': {
    group: 'metrics',
    type: 'string',
    only: '',
    help: 'File with values that labels of metrics may have.',
  },
  'log-flush-frequency': {
    group: 'logs',
    type: 'duration',
    only: '5s',
    help: 'The longest time between two flushes of the log; each line is written at once.',
  },
  ...logBuffers('json'),
  ...logBuffers('text'),
  vmodule: { group: 'logs', type: 'pattern=N,...', only: '', help: 'Verbosity of the log by source file.' },
  'coordinated-leadership-lease-duration': {
    group: 'features',
    type: 'duration',
    only: '15s',
    help: 'How long a leader that was chosen for its component counts.',
  },
  'coordinated-leadership-renew-deadline': {
    group: 'features',
    type: 'duration',
    only: '10s',
    help: 'How long such a leader tries to stay so.',
  },
  'coordinated-leadership-retry-period': {
    group: 'features',
    type: 'duration',
    only: '2s',
    help: 'How long it waits between tries.',
  },
  'emulation-forward-compatible': {
    group: 'generic',
    type: '',
    only: 'false',
    help: 'Whether APIs younger than the emulated version are served.',
  },
  'runtime-config-emulation-forward-compatible': {
    group: 'generic',
    type: '',
    only: 'false',
    help: 'Whether such APIs are served where --runtime-config names them.',
  },
} as const satisfies Readonly<Record<string, Fixed>>;

/** These flags, for defineFlags. */
export const fixedFlags = Object.fromEntries(Object.entries(fixed).map(([name, each]) => [name, flagOf(each)])) as {
  readonly [name in keyof typeof fixed]: Flag<string>;
};

function flagOf({ group, type, only, help, deprecated }: Fixed): Flag<string> {
  const value = only === '' ? 'Not supported: it can only be empty.' : `Only ${only}.`;
  return {
    type,
    default: only,
    help: `${help} ${value}`,
    group,
    ...(type === '' ? { bare: 'true' } : {}),
    ...(deprecated === undefined ? {} : { deprecated, hidden: true }),
    parse(text) {
      if (normal(type, text) === normal(type, only)) return only;
      throw new Error(only === '' ? 'not supported' : `only ${only} is supported`);
    },
    show: () => only,
  };
}

/** Texts that mean the same are the same: true and 1, 1m and 60s. */
function normal(type: string, text: string): string {
  if (type === '') return String(parseBool(text));
  return type === 'duration' ? String(parseDuration(text)) : text;
}
