import { isMirror } from '@coracle/api/core/v1/static-pods';
import type { Pod } from '@coracle/api/types/core/v1';
import type { PodDependencies } from './dependencies.ts';
import { fullName, isStatic } from './names.ts';
import type { Listing } from './runtime-pod.ts';
import { PodWorker } from './worker.ts';

export interface PodsOptions {
  dependencies: PodDependencies;
  signal: AbortSignal;
  /** Milliseconds between looks at pods where nothing seems to happen. */
  resyncEvery: number;
  /** Takes away a mirror pod that mirrors nothing. */
  deleteMirror?(mirror: Pod): Promise<void>;
}

/** All pods of the node, from all sources, each with its worker. */
export class Pods {
  readonly #options: PodsOptions;
  readonly #workers = new Map<string, PodWorker>();
  /** Static pods whose predecessor of the same name has not ended yet. */
  readonly #queued = new Map<string, Pod>();
  readonly #mirrors = new Map<string, Pod>();
  readonly #statics = new Map<string, Pod>();
  readonly #ready = { api: false, files: false };
  #listing: Listing | undefined;

  constructor(options: PodsOptions) {
    this.#options = options;
    const timer = setInterval(() => this.#resync(), options.resyncEvery);
    options.signal.addEventListener('abort', () => clearInterval(timer));
  }

  /** The pods that should be or still are on the node, static ones included and mirrors left out. */
  list(): Pod[] {
    return [...this.#workers.values()].map((each) => each.pod).filter((each) => each.spec.containers.length > 0);
  }

  get(uid: string): Pod | undefined {
    return this.#workers.get(uid)?.pod;
  }

  /** Uids of all pods there are; undefined while not all sources have spoken. */
  known(): Set<string> | undefined {
    if (!this.#ready.api || !this.#ready.files) return undefined;
    return new Set([...this.#workers.keys(), ...this.#statics.keys()]);
  }

  /** How many pods have something running. */
  runningPods(): number {
    return this.#listing?.running.size ?? 0;
  }

  counts(): { fromApi: number; fromFiles: number } {
    const fromFiles = this.active().filter(isStatic).length;
    return { fromApi: this.active().length - fromFiles, fromFiles };
  }

  find(namespace: string, name: string): Pod | undefined {
    return this.list().find((each) => each.metadata.namespace === namespace && each.metadata.name === name);
  }

  /** Pods that take a share of the node: admitted and not over. */
  active(): Pod[] {
    return [...this.#workers.values()].filter((each) => each.admitted && !each.ended).map((each) => each.pod);
  }

  /** The API's mirror of a static pod. */
  mirrorOf(pod: Pod): Pod | undefined {
    return this.#mirrors.get(fullName(pod));
  }

  /** A pod that the API has, new or changed. */
  setApi(pod: Pod): void {
    if (isMirror(pod)) {
      this.#mirrors.set(fullName(pod), pod);
      const original = [...this.#statics.values()].find((each) => fullName(each) === fullName(pod));
      if (original) {
        if (pod.metadata.deletionTimestamp) this.kick(original.metadata.uid ?? '');
        this.#options.dependencies.statuses.retry(original.metadata.uid ?? '');
      } else this.#collectMirror(pod);
      return;
    }
    this.#set(pod);
    this.#options.dependencies.statuses.retry(pod.metadata.uid ?? '');
  }

  /** A pod that the API has no more. */
  removeApi(pod: Pod): void {
    if (isMirror(pod)) {
      const known = this.#mirrors.get(fullName(pod));
      if (known?.metadata.uid === pod.metadata.uid) this.#mirrors.delete(fullName(pod));
      const original = [...this.#statics.values()].find((each) => fullName(each) === fullName(pod));
      if (original) this.kick(original.metadata.uid ?? '');
      return;
    }
    this.#workers.get(pod.metadata.uid ?? '')?.remove();
  }

  /** All pods of the manifest folder. */
  setStatic(pods: readonly Pod[]): void {
    const now = new Map(pods.map((each) => [each.metadata.uid ?? '', each]));
    for (const [uid, pod] of this.#statics) {
      if (now.has(uid)) continue;
      this.#statics.delete(uid);
      if (this.#queued.get(fullName(pod))?.metadata.uid === uid) this.#queued.delete(fullName(pod));
      this.#workers.get(uid)?.remove();
      const mirror = this.mirrorOf(pod);
      if (mirror) this.#collectMirror(mirror);
    }
    for (const [uid, pod] of now) {
      if (this.#statics.has(uid)) continue;
      this.#statics.set(uid, pod);
      const rival = [...this.#workers.values()].find(
        (each) => isStatic(each.pod) && fullName(each.pod) === fullName(pod),
      );
      if (rival && rival.uid !== uid) this.#queued.set(fullName(pod), pod);
      else this.#set(pod);
    }
    this.#setReady('files');
  }

  /** The API's pods have been listed: what is unknown now is nobody's. */
  apiReady(): void {
    this.#setReady('api');
  }

  /** What the runtime has; pods that no source knows are ended and removed. */
  observe(listing: Listing): void {
    this.#listing = listing;
    this.#options.dependencies.runtimePods.prune(listing);
    this.#removeOrphans();
  }

  kick(uid: string): void {
    this.#workers.get(uid)?.kick();
  }

  /** Looks again at all pods that use an object, and tries again what failed. */
  retryUsers(uses: (pod: Pod) => boolean): void {
    for (const worker of this.#workers.values()) if (!worker.ended && uses(worker.pod)) worker.retry();
  }

  /** Ends a pod on the kubelet's own decision. */
  evict(uid: string, grace: number, reason: string, message: string): void {
    this.#workers.get(uid)?.terminate(grace, { reason, message });
  }

  #set(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.#workers.get(uid);
    if (known) {
      known.update(pod);
      return;
    }
    const worker = new PodWorker(this.#options.dependencies, pod, this.#options.signal);
    this.#workers.set(uid, worker);
    void worker.done.then(() => this.#left(worker));
  }

  #left(worker: PodWorker): void {
    if (this.#options.signal.aborted) return;
    this.#workers.delete(worker.uid);
    const next = this.#queued.get(fullName(worker.pod));
    if (next) {
      this.#queued.delete(fullName(worker.pod));
      this.#set(next);
      return;
    }
    const same = this.#statics.get(worker.uid);
    if (same) this.#set(same);
  }

  #setReady(source: 'api' | 'files'): void {
    this.#ready[source] = true;
    this.#removeOrphans();
    if (source === 'files') for (const mirror of this.#mirrors.values()) this.#collectMirror(mirror);
  }

  #collectMirror(mirror: Pod): void {
    const { deleteMirror, dependencies } = this.#options;
    if (!this.#ready.files || !deleteMirror) return;
    if ([...this.#statics.values()].some((each) => fullName(each) === fullName(mirror))) return;
    deleteMirror(mirror).catch((error) =>
      dependencies.log.warn({ err: error, pod: mirror.metadata.name }, 'Failed deleting a mirror pod'),
    );
  }

  #removeOrphans(): void {
    if (!this.#ready.api || !this.#ready.files || !this.#listing) return;
    for (const [uid, { name, namespace }] of this.#listing.names) {
      if (this.#workers.has(uid)) continue;
      const orphan: Pod = { metadata: { uid, name, namespace }, spec: { containers: [] } };
      const worker = new PodWorker(this.#options.dependencies, orphan, this.#options.signal);
      this.#workers.set(uid, worker);
      worker.remove();
      void worker.done.then(() => this.#left(worker));
    }
  }

  #resync(): void {
    for (const worker of this.#workers.values()) if (!worker.ended) worker.kick();
  }
}
