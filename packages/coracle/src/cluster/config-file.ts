import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fail } from '../failure.ts';
import { parseNetwork } from '../host/addresses.ts';
import { apiServerWishes } from './api-server-wishes.ts';
import { type ClusterWishes, componentWishes, nodeWishes, overlayWishes, rootfsWish } from './wishes.ts';

export const configVersion = 'coracle.dev/v1alpha1';

const network = z.string().refine(isNetwork, { error: 'must be an IPv4 network such as 10.244.0.0/16' });

const configFile = z.strictObject({
  apiVersion: z.literal(configVersion),
  kind: z.literal('Cluster'),
  name: z.string().optional(),
  rootfs: rootfsWish,
  networking: z
    .strictObject({
      nodeSubnet: network.optional(),
      podSubnet: network.optional(),
      serviceSubnet: network.optional(),
      ...overlayWishes.shape,
    })
    .prefault({}),
  components: componentWishes.prefault({}),
  apiServer: apiServerWishes.prefault({}),
  nodes: z.array(nodeWishes).min(1, 'must have at least one node'),
});

/** A cluster file as read: the wishes, and the name it gives the cluster. */
export interface ClusterFile {
  name?: string;
  wishes: ClusterWishes;
}

/** Reads the file of `--config`. Throws Failure with the line of each thing that is wrong. */
export async function readClusterFile(path: string): Promise<ClusterFile> {
  return parseClusterFile(path, readText(path));
}

/** As readClusterFile, for a text; `path` is for messages. */
export async function parseClusterFile(path: string, text: string): Promise<ClusterFile> {
  const { LineCounter, parseAllDocuments } = await import('yaml');
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true });
  if (!Array.isArray(documents) || documents.length !== 1) fail(`${path}: one YAML document is expected`);
  const [document] = documents as [import('yaml').Document.Parsed];
  const [broken] = document.errors;
  if (broken) fail(`${path}:${lines.linePos(broken.pos[0]).line}: ${broken.message.split('\n', 1)[0]}`);
  const parsed = configFile.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) {
    const { name, rootfs, networking, nodes, components, apiServer } = parsed.data;
    const { nodeSubnet, podSubnet, serviceSubnet, ...overlay } = networking;
    return { name, wishes: { rootfs, nodes, nodeSubnet, podSubnet, serviceSubnet, overlay, components, apiServer } };
  }
  const problems = parsed.error.issues.flatMap(explain).map(({ at, message }) => {
    const line = lineOf(at);
    return `${path}:${line}: ${at.length > 0 ? `${pathText(at)}: ` : ''}${message}`;
  });
  return fail(problems.join('\n'), { next: 'docs/clusters.md shows what a cluster file may say.' });

  /** The line of the innermost part of a path that the file has. */
  function lineOf(at: readonly PropertyKey[]): number {
    for (let length = at.length; length >= 0; length--) {
      const position = startOf(at.slice(0, length));
      if (position !== undefined) return lines.linePos(position).line;
    }
    return 1;
  }

  function startOf(at: readonly PropertyKey[]): number | undefined {
    const key = at.at(-1);
    const parent: unknown = at.length <= 1 ? document.contents : document.getIn(at.slice(0, -1), true);
    const pairs = (parent as { items?: unknown[] } | null)?.items ?? [];
    const pair = pairs.find((it) => (it as { key?: { value?: unknown; range?: [number] } }).key?.value === key) as
      | { key: { range?: [number] } }
      | undefined;
    if (pair) return pair.key.range?.[0];
    const whole: unknown = at.length === 0 ? document.contents : document.getIn(at, true);
    return (whole as { range?: [number] } | null | undefined)?.range?.[0];
  }
}

/** Unknown keys are each a problem of their own, at their own line. */
function explain(issue: z.core.$ZodIssue): { at: readonly PropertyKey[]; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ at: [...issue.path, key], message: 'unknown key' }));
  }
  return [{ at: issue.path, message: issue.message }];
}

/** `nodes[1].role` */
function pathText(at: readonly PropertyKey[]): string {
  return at.map((it, index) => (typeof it === 'number' ? `[${it}]` : `${index > 0 ? '.' : ''}${String(it)}`)).join('');
}

function isNetwork(text: string): boolean {
  try {
    return parseNetwork(text).length < 32;
  } catch {
    return false; // says itself that it is none
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return fail(`--config ${path} cannot be read: ${(error as Error).message}`);
  }
}
