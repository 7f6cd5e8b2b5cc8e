import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Client } from '@coracle/client/client';
import { deliberate } from './deliberate.ts';
import { type Outcome, runKubectl, runUpstream } from './run.ts';

/** One command line of a case; `$N` in it is the namespace the tool works in, `$T` a letter of its own for cluster-wide names. */
export type Step = string | { readonly run: string; readonly input: string };

/** A story told to both kubectls, each in a namespace of its own. */
export interface Case {
  readonly name: string;
  /** Files in the working folder, by name. `$N` and `$T` are filled in. */
  readonly files?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** What is compared after each case: the objects of these resources in the tool's namespace. */
const compared = [
  '/api/v1/%/configmaps',
  '/api/v1/%/secrets',
  '/api/v1/%/services',
  '/api/v1/%/serviceaccounts',
  '/api/v1/%/resourcequotas',
  '/api/v1/%/pods',
  '/apis/apps/v1/%/deployments',
  '/apis/apps/v1/%/replicasets',
  '/apis/networking.k8s.io/v1/%/ingresses',
  '/apis/policy/v1/%/poddisruptionbudgets',
  '/apis/rbac.authorization.k8s.io/v1/%/roles',
  '/apis/rbac.authorization.k8s.io/v1/%/rolebindings',
];

export interface StepResult {
  readonly command: string;
  readonly upstream: Outcome;
  readonly ours: Outcome;
}

export interface CaseResult {
  readonly steps: readonly StepResult[];
  readonly objects: { readonly upstream: unknown; readonly ours: unknown };
}

/** A command line that has not ended by then waits for something that does not come. */
const stepLimitMillis = 60_000;

const tools = ['u', 'o'] as const;
type Tool = (typeof tools)[number];

/** Runs cases against one server with both kubectls. */
export class Differential {
  readonly #client: Client;
  readonly #folder = mkdtempSync(join(tmpdir(), 'kubectl-differential-'));
  #cases = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async run(one: Case): Promise<CaseResult> {
    const number = this.#cases++;
    const outcomes: Record<Tool, Outcome[]> = { u: [], o: [] };
    const objects: Record<Tool, unknown> = { u: undefined, o: undefined };
    for (const tool of tools) {
      const namespace = `diff-${tool}-${number}`;
      const fill = (text: string): string => text.replaceAll('$N', namespace).replaceAll('$T', `${tool}${number}`);
      const cwd = await this.#prepare(namespace, one.files ?? {}, fill);
      const options = { cwd, env: { KUBECONFIG: join(cwd, 'kubeconfig'), HOME: cwd, TERM: 'dumb' } };
      for (const step of one.steps) {
        const { run: line, input } = typeof step === 'string' ? { run: step, input: undefined } : step;
        const words = splitWords(fill(line));
        const interrupt = AbortSignal.timeout(stepLimitMillis);
        const given = { ...options, interrupt, ...(input === undefined ? {} : { input: fill(input) }) };
        const outcome = tool === 'u' ? await runUpstream(words, given) : await runKubectl(words, given);
        if (interrupt.aborted)
          throw new Error(
            `kubectl ${fill(line)} (${tool === 'u' ? "upstream's" : 'this one'}) did not end in ${stepLimitMillis / 1000} s\nstdout: ${outcome.stdout}\nstderr: ${outcome.stderr}`,
          );
        outcomes[tool].push(this.#normalized(outcome, namespace, `${tool}${number}`, cwd, tool));
      }
      objects[tool] = await this.#objects(namespace, `${tool}${number}`);
    }
    return {
      steps: one.steps.map((step, i) => ({
        command: typeof step === 'string' ? step : step.run,
        upstream: outcomes.u[i]!,
        ours: outcomes.o[i]!,
      })),
      objects: { upstream: objects.u, ours: objects.o },
    };
  }

  async #prepare(
    namespace: string,
    files: Readonly<Record<string, string>>,
    fill: (text: string) => string,
  ): Promise<string> {
    const cwd = join(this.#folder, namespace);
    mkdirSync(cwd);
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: this.#client.config.server } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace } }],
      'current-context': 'x',
    };
    writeFileSync(join(cwd, 'kubeconfig'), JSON.stringify(kubeconfig));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), fill(text));
    }
    const metadata = { name: namespace };
    await this.#client.request('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata },
    });
    return cwd;
  }

  /** Takes out what must differ: names of the tool's own places, times, UIDs and versions. */
  #normalized(outcome: Outcome, namespace: string, letter: string, cwd: string, tool: Tool): Outcome {
    const text = (raw: string): string =>
      normalizedText(raw.replaceAll(namespace, '$N').replaceAll(letter, '$T').replaceAll(cwd, '$PWD'));
    const result = { stdout: text(outcome.stdout), stderr: text(outcome.stderr), exitCode: outcome.exitCode };
    return deliberate.reduce((current, each) => each.apply(current, tool === 'u'), result);
  }

  async #objects(namespace: string, letter: string): Promise<unknown> {
    const lists = await Promise.all(
      compared.map(async (path) => {
        const { body } = await this.#client.request('GET', path.replace('%', `namespaces/${namespace}`));
        const list = JSON.parse(
          normalizedText(body.toString().replaceAll(namespace, '$N').replaceAll(letter, '$T')),
        ) as { items: unknown[] };
        return sorted(list.items);
      }),
    );
    return Object.fromEntries(lists.map((items, i) => [compared[i], items]));
  }
}

/** The value with the keys of its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort(byManager);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

/** Entries of managedFields of the same second come in any order. */
function byManager(a: unknown, b: unknown): number {
  const key = (each: unknown): string => {
    const { manager, operation, subresource } = (each ?? {}) as Record<string, unknown>;
    return manager === undefined ? '' : `${manager} ${operation} ${subresource}`;
  };
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
}

function normalizedText(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, 'TIME')
    .replace(/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, 'TIME')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \S+/g, 'TIME')
    .replace(/(resourceVersion"?:\s*"?|Resource Version:\s*)\d+/g, '$1VERSION')
    .replace(/(resourceVersion\\":\\")\d+/g, '$1VERSION')
    .replace(/(?<=[\s(]|^)(\d+[smhd])+(?=[\s)]|$) */gm, 'AGE ')
    .replace(/10\.\d+\.\d+\.\d+( *)/g, 'ADDRESS ')
    .replace(/("?nodePort"?:\s*)\d+/g, '$10')
    .replace(/:3\d{4}(\/TCP) */g, ':PORT$1 ')
    .replace(/<unset> {2}3\d{4}\/TCP/g, '<unset>  PORT/TCP')
    .replace(/^( *)managedFields:\n(?:\1[- ].*\n)+/gm, sortedManagers);
}

/** Entries of managedFields stand by their time, in seconds, and one of two runs may cross a second: in YAML they are compared in one order. */
function sortedManagers(block: string, indent: string): string {
  const [head = '', ...entries] = block.split(new RegExp(`^(?=${indent}- )`, 'm'));
  return [head, ...entries.sort()].join('');
}

/** Splits a command line as a shell does, with single and double quotes. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*")+/g)) {
    words.push(
      match[0].replace(
        /'([^']*)'|"((?:[^"\\]|\\.)*)"/g,
        (_, single?: string, double?: string) => single ?? double!.replace(/\\(.)/g, '$1'),
      ),
    );
  }
  return words;
}
