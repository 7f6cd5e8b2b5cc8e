import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { objectSchemaOf } from '../schema.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicPatch } from './strategic.ts';

/*
 * What upstream's kubectl makes of patches of one Deployment (`kubectl patch --local`), recorded in testdata/upstream-patches.json.
 * UPDATE_GOLDEN=1 records it anew with upstream's kubectl (KUBECTL names it).
 */

const upstream = process.env['KUBECTL'] ?? 'kubectl';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', labels: { x: '1', y: '2' }, finalizers: ['a/b', 'c/d', 'e/f'] },
  spec: {
    replicas: 2,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: {
        containers: [
          {
            name: 'c1',
            image: 'i1',
            args: ['x', 'y'],
            ports: [{ containerPort: 80 }, { containerPort: 81 }],
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          { name: 'c2', image: 'i2' },
          { name: 'c3', image: 'i3' },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
        tolerations: [{ key: 'k' }],
      },
    },
  },
};

const pod = (spec: unknown): unknown => ({ spec: { template: { spec } } });

const strategic: unknown[] = [
  pod({ containers: [{ name: 'c2', image: 'new' }] }),
  pod({
    containers: [
      { name: 'c0', image: 'new' },
      { name: 'c2', image: 'x' },
    ],
  }),
  pod({ containers: [{ name: 'c2', $patch: 'delete' }] }),
  pod({ containers: [{ name: 'c9', $patch: 'delete' }] }),
  pod({ containers: [{ $patch: 'delete' }] }),
  pod({ containers: [{ $patch: 'replace' }, { name: 'z', image: 'z' }] }),
  pod({
    containers: [
      { $patch: 'replace', name: 'q' },
      { name: 'z', image: 'z' },
    ],
  }),
  pod({ containers: [{ $patch: 'merge', name: 'q' }] }),
  pod({ $patch: 'replace', containers: [{ name: 'z' }] }),
  pod({ '$setElementOrder/containers': [{ name: 'c3' }, { name: 'c1' }], containers: [{ name: 'c1', image: 'n' }] }),
  pod({
    '$setElementOrder/containers': [{ name: 'c3' }, { name: 'c1' }, { name: 'n' }],
    containers: [{ name: 'n', image: 'n' }],
  }),
  pod({ '$setElementOrder/containers': [{ name: 'c3' }, { name: 'c2' }, { name: 'c1' }] }),
  pod({
    '$setElementOrder/containers': [{ name: 'c3' }, { name: 'c1' }],
    containers: [
      { name: 'c3', image: 'x' },
      { name: 'c2', $patch: 'delete' },
    ],
  }),
  pod({ '$setElementOrder/containers': [{ name: 'c3' }], containers: [{ name: 'n', image: 'n' }] }),
  pod({ '$setElementOrder/initContainers': [{ name: 'x' }], initContainers: [{ name: 'x', image: 'y' }] }),
  pod({ '$setElementOrder/initContainers': [{ name: 'x' }] }),
  pod({ initContainers: [{ name: 'x', $patch: 'delete' }] }),
  pod({ initContainers: [{ name: 'x', $patch: 'replace', image: 'y' }] }),
  pod({ initContainers: [{ name: 'x', env: [{ name: 'A', $patch: 'delete' }], resources: { limits: null } }] }),
  { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
  { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate', rollingUpdate: {} } } },
  pod({ volumes: [{ name: 'v', hostPath: { path: '/x' }, $retainKeys: ['name', 'hostPath'] }] }),
  {
    metadata: {
      '$deleteFromPrimitiveList/finalizers': ['c/d'],
      '$setElementOrder/finalizers': ['e/f', 'n/n', 'a/b'],
      finalizers: ['n/n'],
    },
  },
  { metadata: { '$deleteFromPrimitiveList/finalizers': ['c/d', 'q/q'] } },
  { metadata: { finalizers: ['n/n', 'a/b'] } },
  { metadata: { finalizers: null } },
  { metadata: { labels: { x: null, z: '3' } } },
  { metadata: { labels: null } },
  { metadata: { labels: { $patch: 'replace', only: 'this' } } },
  { metadata: { annotations: { q: null, r: '1' } } },
  pod({ tolerations: [{ key: 'z' }] }),
  pod({
    containers: [
      {
        name: 'c1',
        ports: [{ containerPort: 82 }, { containerPort: 80, name: 'n' }],
        args: ['q'],
        env: [
          { name: 'B', value: null },
          { name: '0', value: 'z' },
        ],
      },
    ],
  }),
  pod({
    containers: [
      {
        name: 'c1',
        env: [
          { name: 'A', $patch: 'delete' },
          { name: 'B', value: '9' },
        ],
      },
    ],
  }),
  pod({ containers: [{ image: 'x' }] }),
  pod({ containers: 'x' }),
  { spec: { template: { $patch: 'delete' } } },
  { spec: { template: { $patch: 'bogus' } } },
];

const json: unknown[] = [
  [{ op: 'add', path: '/metadata/labels/n~1a', value: '1' }],
  [{ op: 'add', path: '/metadata/labels/n~0a', value: '1' }],
  [{ op: 'remove', path: '/metadata/labels/x' }],
  [{ op: 'remove', path: '/metadata/labels/q' }],
  [{ op: 'replace', path: '/metadata/annotations/x', value: '1' }],
  [{ op: 'replace', path: '/metadata/labels/q', value: 'w' }],
  [{ op: 'add', path: '/metadata/annotations/x', value: '1' }],
  [{ op: 'test', path: '/spec/replicas', value: 3 }],
  [{ op: 'test', path: '/spec/q', value: 3 }],
  [
    { op: 'test', path: '/spec/replicas', value: 2 },
    { op: 'replace', path: '/spec/replicas', value: 5 },
  ],
  [{ op: 'add', path: '/metadata/finalizers/-', value: 'z/z' }],
  [{ op: 'add', path: '/metadata/finalizers/1', value: 'z/z' }],
  [{ op: 'add', path: '/metadata/finalizers/3', value: 'z/z' }],
  [{ op: 'add', path: '/metadata/finalizers/9', value: 'z/z' }],
  [{ op: 'remove', path: '/metadata/finalizers/0' }],
  [{ op: 'remove', path: '/metadata/finalizers/9' }],
  [{ op: 'remove', path: '/metadata/finalizers/-1' }],
  [{ op: 'add', path: '/metadata/finalizers/-1', value: 'y/y' }],
  [{ op: 'replace', path: '/metadata/finalizers/1', value: 'y/y' }],
  [{ op: 'move', from: '/metadata/labels/x', path: '/metadata/labels/w' }],
  [{ op: 'copy', from: '/metadata/labels/x', path: '/metadata/labels/w' }],
  [{ op: 'move', from: '/metadata/labels/q', path: '/metadata/labels/w' }],
  [{ op: 'frob', path: '/a' }],
  [{ op: 'add', value: 1 }],
  [{ op: 'remove', path: '/a/b/c' }],
];

const merge: unknown[] = [
  { metadata: { labels: { x: null, q: null } } },
  { metadata: { labels: null } },
  { metadata: { annotations: { a: null, b: '1' } } },
  pod({ containers: [{ name: 'z', image: null }] }),
  { spec: { replicas: 7, strategy: { rollingUpdate: null } } },
];

interface Recorded {
  type: string;
  patch: unknown;
  result?: unknown;
  error?: string;
}

const golden = new URL('./testdata/upstream-patches.json', import.meta.url);

function recordAll(): void {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-patch-'));
  const file = join(folder, 'deployment.json');
  writeFileSync(file, JSON.stringify(deployment));
  const record = (type: string, patch: unknown): Recorded => {
    const args = ['patch', '--local', '-f', file, '--type', type, '-p', JSON.stringify(patch), '-o', 'json'];
    try {
      return { type, patch, result: JSON.parse(execFileSync(upstream, args, { encoding: 'utf8', stdio: 'pipe' })) };
    } catch (error) {
      return { type, patch, error: (error as { stderr: string }).stderr.replace(/^error: /, '').trimEnd() };
    }
  };
  const all = [
    ...strategic.map((patch) => record('strategic', patch)),
    ...json.map((patch) => record('json', patch)),
    ...merge.map((patch) => record('merge', patch)),
  ];
  rmSync(folder, { recursive: true });
  writeFileSync(golden, `[\n${all.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`);
}

if (process.env['UPDATE_GOLDEN']) recordAll();

const recorded = JSON.parse(readFileSync(golden, 'utf8')) as Recorded[];
const schema = objectSchemaOf('apps/v1.Deployment');

function patched({ type, patch }: Recorded): unknown {
  if (type === 'json') return applyJsonPatch(deployment, patch);
  if (type === 'merge') return applyMergePatch(deployment, patch);
  return applyStrategicPatch(deployment, patch, schema);
}

/** kubectl ends each text with one line break of its own; some texts end with another. */
function errorOf(act: () => unknown): string {
  try {
    return `no error but ${JSON.stringify(act())}`;
  } catch (error) {
    return (error as Error).message.trimEnd();
  }
}

describe('patches as upstream applies them', () => {
  it('has a recording of every case', () => {
    expect(recorded.map(({ patch }) => patch)).toEqual([...strategic, ...json, ...merge]);
  });

  it.each(recorded.map((each) => [each.type, JSON.stringify(each.patch), each] as const))(
    '%s %s',
    (_type, _patch, each) => {
      const before = structuredClone(deployment);
      if (each.error === undefined) expect(patched(each)).toEqual(each.result);
      else expect(errorOf(() => patched(each))).toBe(each.error);
      expect(deployment).toEqual(before);
    },
  );
});
