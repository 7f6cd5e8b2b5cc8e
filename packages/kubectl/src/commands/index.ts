import type { Command } from '../cli/command.ts';

/** A verb as the top-level help lists it; its file is imported when it is called. */
export interface Entry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly short: string;
  load(): Promise<{ command: Command }>;
}

export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

const entry = (name: string, short: string, load: Entry['load'], aliases: readonly string[] = []): Entry => ({
  name,
  short,
  load,
  aliases,
});

/** All verbs, in the order of the help. */
export const groups: readonly Group[] = [
  {
    title: 'Basic Commands (Beginner)',
    entries: [
      entry('create', 'Create objects from files, or one object from flags', () => import('./create/create.ts')),
      entry('expose', 'Make a Service for a workload, pod or service', () => import('./expose.ts')),
      entry('run', 'Run an image in a pod', () => import('./run.ts')),
      entry('set', 'Change one part of an object', () => import('./set.ts')),
    ],
  },
  {
    title: 'Basic Commands (Intermediate)',
    entries: [
      entry('explain', 'Show what a field of a resource means', () => import('./explain.ts')),
      entry('get', 'List objects, or show some by name', () => import('./get/get.ts')),
      entry('edit', 'Change an object in an editor', () => import('./edit.ts')),
      entry('delete', 'Delete objects by file, name or selector', () => import('./delete.ts')),
    ],
  },
  {
    title: 'Deploy Commands',
    entries: [
      entry('rollout', 'Watch, undo, restart or pause a rollout', () => import('./rollout/rollout.ts')),
      entry('scale', 'Set the number of replicas', () => import('./scale.ts')),
    ],
  },
  {
    title: 'Cluster Management Commands',
    entries: [
      entry('certificate', 'Approve or deny certificate requests', () => import('./certificate.ts')),
      entry('cluster-info', 'Show where the control plane answers', () => import('./cluster-info.ts')),
      entry('cordon', 'Keep new pods off a node', () => import('./cordon.ts')),
      entry('uncordon', 'Let a node take pods again', () => import('./uncordon.ts')),
      entry('drain', 'Empty a node, so that it can be worked on', () => import('./drain/drain.ts')),
      entry('taint', 'Change the taints of nodes', () => import('./taint.ts')),
    ],
  },
  {
    title: 'Troubleshooting and Debugging Commands',
    entries: [
      entry('describe', 'Tell all about an object, with its events', () => import('./describe.ts')),
      entry('logs', 'Show what a container wrote', () => import('./logs.ts'), ['log']),
      entry('attach', 'Join the streams of a running container', () => import('./attach.ts')),
      entry('exec', 'Run a command in a container', () => import('./exec.ts')),
      entry('port-forward', 'Forward local ports to a pod', () => import('./port-forward.ts')),
      entry('auth', 'Ask who you are and what you may do', () => import('./auth.ts')),
      entry('events', 'List events', () => import('./events.ts')),
    ],
  },
  {
    title: 'Advanced Commands',
    entries: [
      entry('apply', 'Bring objects to the state their manifests declare', () => import('./apply/apply.ts')),
      entry('patch', 'Change fields of an object', () => import('./patch.ts')),
      entry('replace', 'Replace objects by the contents of files', () => import('./replace.ts')),
      entry('wait', 'Wait until objects are in a state', () => import('./wait.ts')),
    ],
  },
  {
    title: 'Settings Commands',
    entries: [
      entry('label', 'Change the labels of objects', () => import('./label.ts')),
      entry('annotate', 'Change the annotations of objects', () => import('./annotate.ts')),
    ],
  },
  {
    title: 'Other Commands',
    entries: [
      entry('api-resources', 'List the resources the server has', () => import('./api-resources.ts')),
      entry('api-versions', 'List the group-versions the server has', () => import('./api-versions.ts')),
      entry('config', 'Read and change kubeconfig files', () => import('./config/config.ts')),
      entry('version', 'Show the versions of client and server', () => import('./version.ts')),
    ],
  },
];

/** Verbs of upstream's kubectl that this one refuses by name. */
export const unsupported: readonly string[] = [
  'alpha',
  'autoscale',
  'completion',
  'cp',
  'debug',
  'diff',
  'kustomize',
  'plugin',
  'proxy',
  'top',
];

export function findEntry(name: string): Entry | undefined {
  for (const group of groups) {
    for (const each of group.entries) if (each.name === name || each.aliases?.includes(name)) return each;
  }
  return undefined;
}

/** The names near to a mistyped one, as cobra suggests: at most two edits away, or beginning with it. */
export function suggestions(typed: string): string[] {
  const names = [
    ...groups.flatMap((group) => group.entries.map((each) => each.name)),
    ...unsupported,
    'options',
    'help',
  ];
  const lower = typed.toLowerCase();
  return names.filter((name) => distance(lower, name) <= 2 || name.startsWith(lower));
}

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
