/** What a plugin keeps between its extension points in one scheduling cycle. */
export interface StateData {
  /** A copy that AddPod and RemovePod may change without touching this one; immutable data returns itself. */
  clone(): StateData;
}

/** One scheduling attempt's scratch space: plugins write in PreFilter and PreScore, and read in Filter and Score. */
export class CycleState {
  readonly #data = new Map<string, StateData>();
  /** Plugins whose PreFilter (PreScore) returned Skip; their Filter (Score) is not called in this cycle. */
  skipFilter: ReadonlySet<string> = new Set();
  skipScore: ReadonlySet<string> = new Set();

  write(key: string, data: StateData): void {
    this.#data.set(key, data);
  }

  /** Returns what `write` stored; throws when the plugin's earlier extension point did not run. */
  read<T extends StateData>(key: string): T {
    const data = this.#data.get(key);
    if (!data) throw new Error(`reading "${key}" from cycleState: not found`);
    return data as T;
  }

  find<T extends StateData>(key: string): T | undefined {
    return this.#data.get(key) as T | undefined;
  }

  /** A deep enough copy for trying out what happens with pods added or removed. */
  clone(): CycleState {
    const copy = new CycleState();
    for (const [key, data] of this.#data) copy.#data.set(key, data.clone());
    copy.skipFilter = this.skipFilter;
    copy.skipScore = this.skipScore;
    return copy;
  }
}
