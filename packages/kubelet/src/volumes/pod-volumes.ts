import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod, Volume } from '@coracle/api/types/core/v1';
import type { ObjectSource } from '../environment/environment.ts';
import type { PodFacts } from '../environment/field-ref.ts';
import { configMapVolume, downwardVolume, projectedVolume, secretVolume } from './api-content.ts';
import { emptyDir } from './empty-dir.ts';
import { hostPath } from './host-path.ts';
import type { VolumeKind } from './kinds.ts';
import { unmountBelow } from './mounts.ts';
import type { TokenSource } from './service-account-token.ts';

const kinds: Readonly<Record<string, VolumeKind>> = {
  emptyDir,
  hostPath,
  configMap: configMapVolume,
  secret: secretVolume,
  downwardAPI: downwardVolume,
  projected: projectedVolume,
};

/** Volumes that could not be made ready, each failure in the words of its event. */
export class VolumeError extends Error {
  override name = 'VolumeError';
  readonly failures: readonly string[];

  constructor(failures: readonly string[]) {
    super(failures.join('; '));
    this.failures = failures;
  }
}

/** The volumes of pods, below `<root-dir>/pods/<uid>/volumes`. */
export class PodVolumes {
  readonly #root: string;
  readonly #objects: ObjectSource;
  readonly #tokens: TokenSource;

  constructor(rootDir: string, objects: ObjectSource, tokens: TokenSource) {
    this.#root = join(rootDir, 'pods');
    this.#objects = objects;
    this.#tokens = tokens;
  }

  /** The folder of everything this kubelet keeps for a pod. */
  podFolder(uid: string): string {
    return join(this.#root, uid);
  }

  /**
   * Makes every volume of a pod ready, or brings its files up to date; returns the path of each by name. Throws VolumeError with all
   * that failed: the volumes do not wait for each other.
   */
  async setUp(pod: Pod, facts: PodFacts): Promise<Map<string, string>> {
    await mkdir(this.podFolder(pod.metadata.uid ?? ''), { recursive: true, mode: 0o750 });
    const failures: string[] = [];
    const paths = new Map<string, string>();
    await Promise.all(
      (pod.spec.volumes ?? []).map(async (volume) => {
        try {
          paths.set(volume.name, await this.#one(pod, volume, facts));
        } catch (error) {
          failures.push(`MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`);
        }
      }),
    );
    if (failures.length > 0) throw new VolumeError(failures.sort());
    return paths;
  }

  /** Unmounts and removes all that is kept for a pod. */
  async tearDown(uid: string): Promise<void> {
    const folder = this.podFolder(uid);
    await unmountBelow(folder);
    this.#tokens.forget(uid);
    await rm(folder, { recursive: true, force: true });
  }

  /** Unmounts and removes the volumes alone: logs' and containers' traces stay for those who ask about a finished pod. */
  async tearDownVolumes(uid: string): Promise<void> {
    const folder = this.podFolder(uid);
    for (const part of ['volume-subpaths', 'volumes']) {
      await unmountBelow(join(folder, part));
      await rm(join(folder, part), { recursive: true, force: true });
    }
    this.#tokens.forget(uid);
  }

  /** Uids of the pods that something is kept for. */
  async kept(): Promise<string[]> {
    return existsSync(this.#root) ? readdir(this.#root) : [];
  }

  async #one(pod: Pod, volume: Volume, facts: PodFacts): Promise<string> {
    const type = Object.keys(volume).find((each) => each !== 'name') ?? 'emptyDir';
    const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    if (!kind) throw new Error(`volumes of type ${type} are not supported`);
    const folder = join(this.podFolder(pod.metadata.uid ?? ''), 'volumes', kind.folder, volume.name);
    return kind.setUp({ pod, volume, folder, objects: this.#objects, tokens: this.#tokens, facts });
  }
}
