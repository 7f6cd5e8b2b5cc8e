import { type CriClient, isNotFound } from '../cri/client.ts';
import * as cri from '../cri/generated/runtime.v1.ts';
import {
  type ContainerMemory,
  containerNameLabel,
  podNameLabel,
  podNamespaceLabel,
  podUidLabel,
  readContainerAnnotations,
} from '../cri/labels.ts';
import { terminationMessage } from './termination-message.ts';

/** What the runtime has of one pod. Both lists are newest first. */
export interface RuntimePod {
  uid: string;
  name: string;
  namespace: string;
  sandboxes: RuntimeSandbox[];
  containers: RuntimeContainer[];
}

export interface RuntimeSandbox {
  id: string;
  ready: boolean;
  /** How often the pod's sandbox was made anew. */
  attempt: number;
  createdAt: number;
  /** Addresses of the pod network; empty for pods in the host's network. */
  ips: string[];
  hostNetwork: boolean;
}

/** Times are milliseconds since 1970; 0 stands for "not yet". */
export interface RuntimeContainer extends ContainerMemory {
  id: string;
  name: string;
  sandboxId: string;
  state: 'created' | 'running' | 'exited' | 'unknown';
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
  message: string;
  image: string;
  /** The image as a digest reference where the runtime knows one. */
  imageId: string;
  logPath: string;
  mounts: cri.Mount[];
  user?: cri.LinuxContainerUser;
  resources?: cri.LinuxContainerResources;
}

const states = { 0: 'created', 1: 'running', 2: 'exited', 3: 'unknown' } as const;

/** One line per pod of what runs, cheap to list: compared between listings to find the pods that changed. */
export interface Listing {
  /** `sandbox or container id=state` of each part, by pod uid. */
  readonly parts: ReadonlyMap<string, string>;
  readonly names: ReadonlyMap<string, { name: string; namespace: string }>;
  readonly running: ReadonlySet<string>;
}

/** Lists all sandboxes and containers that carry a pod's labels. */
export async function listRuntime({ runtime }: CriClient): Promise<Listing> {
  const [{ items }, { containers }] = await Promise.all([runtime.listPodSandbox({}), runtime.listContainers({})]);
  const parts = new Map<string, string[]>();
  const names = new Map<string, { name: string; namespace: string }>();
  const running = new Set<string>();
  const add = (labels: Record<string, string>, part: string): void => {
    const uid = labels[podUidLabel];
    if (!uid) return;
    const known = parts.get(uid);
    if (known) known.push(part);
    else {
      parts.set(uid, [part]);
      names.set(uid, { name: labels[podNameLabel] ?? '', namespace: labels[podNamespaceLabel] ?? '' });
    }
  };
  for (const sandbox of items) add(sandbox.labels, `${sandbox.id}=${sandbox.state}`);
  for (const container of containers) {
    add(container.labels, `${container.id}=${container.state}`);
    if (container.state === cri.ContainerState.CONTAINER_RUNNING) running.add(container.labels[podUidLabel] ?? '');
  }
  return { parts: new Map([...parts].map(([uid, all]) => [uid, all.sort().join()])), names, running };
}

/** Containers that have ended do not change any more: their status is asked for once. */
export class RuntimePods {
  readonly #cri: CriClient;
  readonly #ended = new Map<string, RuntimeContainer>();

  constructor(cri: CriClient) {
    this.#cri = cri;
  }

  /** The present state of a pod's sandboxes and containers, straight from the runtime. */
  async get(uid: string, name: string, namespace: string): Promise<RuntimePod> {
    const { runtime } = this.#cri;
    const labelSelector = { [podUidLabel]: uid };
    const [{ items }, listed] = await Promise.all([
      runtime.listPodSandbox({ filter: { labelSelector } }),
      runtime.listContainers({ filter: { labelSelector } }),
    ]);
    const [sandboxes, containers] = await Promise.all([
      Promise.all(items.map((sandbox) => this.#sandbox(sandbox))),
      Promise.all(listed.containers.map((container) => this.#container(container))),
    ]);
    const newestFirst = (a: { createdAt: number }, b: { createdAt: number }): number => b.createdAt - a.createdAt;
    return {
      uid,
      name,
      namespace,
      sandboxes: sandboxes.filter((each) => each !== undefined).sort(newestFirst),
      containers: containers.filter((each) => each !== undefined).sort(newestFirst),
    };
  }

  /** Forgets what is remembered of containers that are no more. */
  prune(listing: Listing): void {
    if (this.#ended.size === 0) return;
    const ids = new Set(
      [...listing.parts.values()].flatMap((line) => line.split(',').map((part) => part.split('=')[0])),
    );
    for (const id of this.#ended.keys()) if (!ids.has(id)) this.#ended.delete(id);
  }

  async #sandbox({ id }: cri.PodSandbox): Promise<RuntimeSandbox | undefined> {
    try {
      const { status } = await this.#cri.runtime.podSandboxStatus({ podSandboxId: id });
      return status && sandboxOf(status);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #container({ id, podSandboxId }: cri.Container): Promise<RuntimeContainer | undefined> {
    const known = this.#ended.get(id);
    if (known) return known;
    try {
      const { status } = await this.#cri.runtime.containerStatus({ containerId: id });
      if (!status) return undefined;
      const container = containerOf(status, podSandboxId);
      if (container.state === 'exited') {
        container.message = [container.message, await terminationMessage(container)].filter(Boolean).join('');
        this.#ended.set(id, container);
      }
      return container;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function sandboxOf(status: cri.PodSandboxStatus): RuntimeSandbox {
  const { network } = status;
  const hostNetwork = status.linux?.namespaces?.options?.network === cri.NamespaceMode.NODE;
  const ips = hostNetwork || !network?.ip ? [] : [network.ip, ...network.additionalIps.map((each) => each.ip)];
  return {
    id: status.id,
    ready: status.state === cri.PodSandboxState.SANDBOX_READY,
    attempt: status.metadata?.attempt ?? 0,
    createdAt: milliseconds(status.createdAt),
    ips,
    hostNetwork,
  };
}

function containerOf(status: cri.ContainerStatus, sandboxId: string): RuntimeContainer {
  return {
    ...readContainerAnnotations(status.annotations),
    id: status.id,
    name: status.labels[containerNameLabel] ?? status.metadata?.name ?? '',
    sandboxId,
    state: states[status.state],
    createdAt: milliseconds(status.createdAt),
    startedAt: milliseconds(status.startedAt),
    finishedAt: milliseconds(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    image: status.image?.userSpecifiedImage || status.image?.image || '',
    imageId: status.imageRef || status.imageId,
    logPath: status.logPath,
    mounts: status.mounts,
    user: status.user?.linux,
    resources: status.resources?.linux,
  };
}

const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds / 1_000_000n);
