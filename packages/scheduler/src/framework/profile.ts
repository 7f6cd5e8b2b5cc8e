import type { Pod } from '@coracle/api/types/core/v1';
import type { Nominator } from '../queue/nominator.ts';
import type { QueuedPod } from '../queue/queued-pod.ts';
import type { CycleState } from './cycle-state.ts';
import type { EventInterest } from './events.ts';
import type { NodeInfo } from './node-info.ts';
import type { NodeStatuses } from './node-statuses.ts';
import type { ExtensionPoint, NodeScore, Plugin, PostFilterResult } from './plugin.ts';
import { extensionPoints, maxNodeScore } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Verdict } from './status.ts';
import { errorStatus, Status } from './status.ts';

/** Which plugins take part in which extension point, in calling order. */
export type PluginSets = Readonly<Record<ExtensionPoint, readonly Plugin[]>>;

/** Told how long extension points took, in seconds. */
export type ObservePoint = (point: string, status: string, profile: string, seconds: number) => void;

export interface PreFilterOutcome {
  /** Node names the search is narrowed to. */
  nodes?: ReadonlySet<string>;
  /** Plugins that narrowed it. */
  narrowedBy: ReadonlySet<string>;
  status?: Verdict;
}

export interface ProfileOptions {
  name: string;
  plugins: PluginSets;
  scoreWeights: ReadonlyMap<string, number>;
  /** The profile's own share of nodes to score in percent, 0 for the adaptive one. */
  percentageOfNodesToScore: number;
  nominator: Nominator;
  observe?: ObservePoint;
}

/**
 * One scheduling profile: runs its plugins at each extension point and joins their answers. A plugin that throws yields an
 * Error status; it never ends the process.
 */
export class Profile {
  readonly name: string;
  readonly percentageOfNodesToScore: number;
  readonly #plugins: PluginSets;
  readonly #weights: ReadonlyMap<string, number>;
  readonly #nominator: Nominator;
  readonly #observe: ObservePoint;

  constructor(options: ProfileOptions) {
    this.name = options.name;
    this.percentageOfNodesToScore = options.percentageOfNodesToScore;
    this.#plugins = options.plugins;
    this.#weights = options.scoreWeights;
    this.#nominator = options.nominator;
    this.#observe = options.observe ?? (() => {});
  }

  /** The names of all plugins in use, by extension point. */
  listPlugins(): Record<string, string[]> {
    return Object.fromEntries(
      Object.entries(this.#plugins).map(([point, plugins]) => [point, plugins.map((each) => each.name)]),
    );
  }

  hasPostFilter(): boolean {
    return this.#plugins.postFilter.length > 0;
  }

  /** Tells how long (seconds) filtering all nodes took, with `Success` or the code it ended with. */
  observeFilter(status: string, seconds: number): void {
    this.#observe(extensionPoints.filter, status, this.name, seconds);
  }

  hasScore(): boolean {
    return this.#plugins.score.length > 0;
  }

  less(a: QueuedPod, b: QueuedPod): boolean {
    return this.#plugins.queueSort[0]!.less!(a, b);
  }

  /** The first PreEnqueue plugin that refuses the pod. */
  gate(pod: Pod): string | undefined {
    return this.#plugins.preEnqueue.find((each) => each.preEnqueue!(pod) !== undefined)?.name;
  }

  /** The events to retry refused pods for, by the plugin that refused them. */
  get interests(): ReadonlyMap<string, readonly EventInterest[]> {
    const found = new Map<string, readonly EventInterest[]>();
    for (const plugin of Object.values(this.#plugins).flat()) {
      if (plugin.interests && !found.has(plugin.name)) found.set(plugin.name, plugin.interests());
    }
    return found;
  }

  preFilter(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): PreFilterOutcome {
    const skip = new Set<string>();
    const narrowedBy = new Set<string>();
    let allowed: ReadonlySet<string> | undefined;
    const status = this.#timed('preFilter', () => {
      for (const plugin of this.#plugins.preFilter) {
        const result = guard(plugin, () => plugin.preFilter!(state, pod, nodes));
        const answer = result instanceof Status ? result : result.status;
        if (answer?.code === 'Skip') {
          skip.add(plugin.name);
          continue;
        }
        if (answer) return answer.code === 'Error' ? within('PreFilter', plugin, answer) : answer;
        const own = result instanceof Status ? undefined : result.nodes;
        if (!own) continue;
        narrowedBy.add(plugin.name);
        allowed = allowed ? allowed.intersection(own) : own;
        if (allowed.size === 0) return noNodeLeft([...narrowedBy].sort());
      }
      return undefined;
    });
    state.skipFilter = skip;
    return { nodes: allowed, narrowedBy, status };
  }

  addPod(state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo): void {
    for (const plugin of this.#plugins.preFilter) {
      if (!state.skipFilter.has(plugin.name)) plugin.addPod?.(state, pod, other, node);
    }
  }

  removePod(state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo): void {
    for (const plugin of this.#plugins.preFilter) {
      if (!state.skipFilter.has(plugin.name)) plugin.removePod?.(state, pod, other, node);
    }
  }

  filter(state: CycleState, pod: PodInfo, node: NodeInfo): Verdict {
    for (const plugin of this.#plugins.filter) {
      if (state.skipFilter.has(plugin.name)) continue;
      const verdict = guard(plugin, () => plugin.filter!(state, pod, node));
      if (verdict) return verdict.code === 'Error' ? within('Filter', plugin, verdict) : verdict;
    }
    return undefined;
  }

  /**
   * Filters a node twice when pods of at least the same priority are nominated for it: as if they were there already, and, as
   * they may never come (and this pod may need them, by affinity), as if they were not. Both must succeed.
   */
  filterWithNominated(state: CycleState, pod: PodInfo, node: NodeInfo): Verdict {
    const nominated = [...this.#nominator.on(node.name)].filter(
      (each) => each.uid !== pod.uid && each.priority >= pod.priority,
    );
    if (nominated.length > 0) {
      const with_ = node.clone();
      const stateWith = state.clone();
      for (const other of nominated) {
        with_.addPod(other);
        this.addPod(stateWith, pod, other, with_);
      }
      const verdict = this.filter(stateWith, pod, with_);
      if (verdict) return verdict;
    }
    return this.filter(state, pod, node);
  }

  /** Runs PostFilter plugins until one makes room or errs; the last nomination and all messages count. */
  async postFilter(state: CycleState, pod: PodInfo, statuses: NodeStatuses): Promise<PostFilterResult> {
    const started = performance.now();
    const reasons: string[] = [];
    let nominatedNode: string | undefined;
    let code: Status['code'] = 'UnschedulableAndUnresolvable';
    let rejector = '';
    let outcome: PostFilterResult | undefined;
    for (const plugin of this.#plugins.postFilter) {
      let result: PostFilterResult;
      try {
        result = await plugin.postFilter!(state, pod, statuses);
      } catch (error) {
        result = { status: errorStatus(plugin.name, error) };
      }
      if (!result.status || result.status.code === 'Error') {
        outcome = result;
        break;
      }
      if (result.nominatedNode !== undefined) nominatedNode = result.nominatedNode;
      reasons.push(...result.status.reasons);
      if (rejector === '') rejector = plugin.name;
      if (result.status.code !== 'UnschedulableAndUnresolvable') code = result.status.code;
    }
    outcome ??= { nominatedNode, status: new Status(code, reasons, rejector) };
    const seconds = (performance.now() - started) / 1000;
    this.#observe(extensionPoints.postFilter, outcome.status?.code ?? 'Success', this.name, seconds);
    return outcome;
  }

  preScore(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): Verdict {
    const skip = new Set<string>();
    const status = this.#timed('preScore', () => {
      for (const plugin of this.#plugins.preScore) {
        const verdict = guard(plugin, () => plugin.preScore!(state, pod, nodes));
        if (verdict?.code === 'Skip') skip.add(plugin.name);
        else if (verdict) return within('PreScore', plugin, verdict);
      }
      return undefined;
    });
    state.skipScore = skip;
    return status;
  }

  /** The weighted sums of all plugins' scores, in the order of `nodes`; or the status of a plugin that failed. */
  score(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): number[] | Status {
    const totals = new Array<number>(nodes.length).fill(0);
    const failure = this.#timed('score', () => {
      for (const plugin of this.#plugins.score) {
        if (state.skipScore.has(plugin.name)) continue;
        const scores = guard(plugin, () => {
          const list: NodeScore[] = nodes.map((node) => ({ node, score: plugin.score!(state, pod, node) }));
          plugin.normalizeScore?.(state, pod, list);
          return list;
        });
        if (scores instanceof Status) return within('Score', plugin, scores);
        const weight = this.#weights.get(plugin.name) ?? 1;
        for (let i = 0; i < scores.length; i++) {
          const score = scores[i]!.score;
          if (!(score >= 0 && score <= maxNodeScore)) {
            const limits = `in the range of [0, ${maxNodeScore}]`;
            const message = `plugin "${plugin.name}" returns an invalid score ${score}, it should ${limits} after normalizing`;
            return new Status('Error', [message], plugin.name);
          }
          totals[i]! += score * weight;
        }
      }
      return undefined;
    });
    return failure ?? totals;
  }

  /** Reserves with every plugin, or, when one refuses, with none. */
  reserve(state: CycleState, pod: PodInfo, node: string): Verdict {
    const verdict = this.#timed('reserve', () => {
      for (const plugin of this.#plugins.reserve) {
        const answer = guard(plugin, () => plugin.reserve?.(state, pod, node));
        if (answer) return answer.rejected ? answer : within('Reserve', plugin, answer);
      }
      return undefined;
    });
    if (verdict) this.unreserve(state, pod, node);
    return verdict;
  }

  /** Undoes `reserve`, last plugin first. */
  unreserve(state: CycleState, pod: PodInfo, node: string): void {
    for (const plugin of [...this.#plugins.reserve].reverse()) plugin.unreserve?.(state, pod, node);
  }

  /** Undefined when all plugins permit; else the refusal, or the time-outs (milliseconds) of the plugins to wait for. */
  permit(state: CycleState, pod: PodInfo, node: string): Verdict | ReadonlyMap<string, number> {
    const waits = new Map<string, number>();
    const verdict = this.#timed('permit', () => {
      for (const plugin of this.#plugins.permit) {
        const result = guard(plugin, () => plugin.permit!(state, pod, node));
        const answer = result instanceof Status ? result : result.status;
        if (!answer) continue;
        if (answer.code !== 'Wait') return answer.rejected ? answer : within('Permit', plugin, answer);
        waits.set(plugin.name, Math.min(result instanceof Status ? 0 : (result.timeout ?? 0), maxPermitWait));
      }
      return undefined;
    });
    return verdict ?? (waits.size > 0 ? waits : undefined);
  }

  async preBind(state: CycleState, pod: PodInfo, node: string): Promise<Verdict> {
    for (const plugin of this.#plugins.preBind) {
      const verdict = await guardAsync(plugin, () => plugin.preBind!(state, pod, node));
      if (verdict) return verdict.rejected ? verdict : within('PreBind', plugin, verdict);
    }
    return undefined;
  }

  /** The first plugin that does not skip binds. */
  async bind(state: CycleState, pod: PodInfo, node: string): Promise<Verdict> {
    const started = performance.now();
    let verdict: Verdict = new Status('Skip', [], '');
    for (const plugin of this.#plugins.bind) {
      verdict = await guardAsync(plugin, () => plugin.bind!(state, pod, node));
      if (verdict?.code !== 'Skip') break;
    }
    const seconds = (performance.now() - started) / 1000;
    this.#observe(extensionPoints.bind, verdict?.code ?? 'Success', this.name, seconds);
    return verdict;
  }

  postBind(state: CycleState, pod: PodInfo, node: string): void {
    for (const plugin of this.#plugins.postBind) plugin.postBind!(state, pod, node);
  }

  #timed(point: ExtensionPoint, run: () => Verdict): Verdict {
    const started = performance.now();
    const verdict = run();
    this.#observe(extensionPoints[point], verdict?.code ?? 'Success', this.name, (performance.now() - started) / 1000);
    return verdict;
  }
}

const maxPermitWait = 15 * 60_000;

function guard<T>(plugin: Plugin, run: () => T): T | Status {
  try {
    return run();
  } catch (error) {
    return errorStatus(plugin.name, error);
  }
}

async function guardAsync(plugin: Plugin, run: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await run();
  } catch (error) {
    return errorStatus(plugin.name, error);
  }
}

function within(point: string, plugin: Plugin, status: Status): Status {
  return new Status(
    'Error',
    [`running ${point} plugin "${plugin.name}": ${status.message}`],
    plugin.name,
    status.cause,
  );
}

function noNodeLeft(plugins: string[]): Status {
  const who = plugins.length === 1 ? `plugin ${plugins[0]}` : `plugin(s) [${plugins.join(' ')}] simultaneously`;
  return new Status(
    'UnschedulableAndUnresolvable',
    [`node(s) didn't satisfy ${who}`],
    plugins.length === 1 ? plugins[0]! : '',
  );
}
