import { node as nodeKind } from '@coracle/api/core/v1/node';
import { Quantity } from '@coracle/api/meta/quantity';
import type { Node, NodeStatus, Pod } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import { UsageError } from '@coracle/process';
import type { CriClient } from '../cri/client.ts';
import type { VersionResponse } from '../cri/generated/runtime.v1.ts';
import type { KubeletOptions } from '../kubelet.ts';
import type { Events } from '../pods/events.ts';
import { isStatic } from '../pods/names.ts';
import type { Pods } from '../pods/pods.ts';
import { type NodeResources, nodeResources } from './capacity.ts';
import { renewNodeLease } from './lease.ts';
import { defaultIps, fileSystem, type Machine, readMachine } from './machine.ts';
import { NodeManager } from './node-manager.ts';
import { type NodeIdentity, nodeFacts, nodeImages } from './node-object.ts';
import { measurePressure, type PressurePlaces, SteadyPressure } from './pressure.ts';

interface Parts extends KubeletOptions {
  cri: CriClient;
  runtime: VersionResponse;
  events: Events;
}

/** The node this kubelet runs: what it is and has, and its object in the API. */
export class NodeSide {
  readonly machine: Machine;
  readonly resources: NodeResources;
  readonly ips: readonly string[];
  readonly #parts: Parts;
  #manager: NodeManager | undefined;
  #imageFolder: string | undefined;

  private constructor(parts: Parts, machine: Machine, resources: NodeResources, ips: readonly string[]) {
    this.#parts = parts;
    this.machine = machine;
    this.resources = resources;
    this.ips = ips;
  }

  /** Reads what the machine has. Throws UsageError when it has no address and none is configured. */
  static async read(parts: Parts): Promise<NodeSide> {
    const { config, nodeIps, rootDir } = parts;
    const [machine, disk] = [await readMachine(), await fileSystem(rootDir)];
    const ips = nodeIps.length > 0 ? nodeIps : await defaultIps();
    if (ips.length === 0 && parts.client)
      throw new UsageError("can't get ip address of node: no default routes found, set --node-ip");
    return new NodeSide(parts, machine, nodeResources(machine, disk, config), ips.length > 0 ? ips : ['127.0.0.1']);
  }

  /** The node as the API has it; undefined before it is registered. */
  get node(): Node | undefined {
    return this.#manager?.node;
  }

  /** Has `node` be as the API has it now. Throws when the API does not answer. */
  async refreshNode(): Promise<void> {
    await this.#manager?.refresh();
  }

  /** What all pods together may use; 0 for no limit. */
  podShare(enforced: boolean): { milliCpu: number; memory: number } {
    const cpu = Number(Quantity.parse(this.resources.allocatable['cpu'] ?? '0').milliValue());
    const { capacity } = this.resources;
    const { kubeReserved, systemReserved } = this.#parts.config;
    const reserved = [kubeReserved, systemReserved].reduce(
      (sum, each) => sum + Number(Quantity.parse(each['memory'] ?? '0').value()),
      0,
    );
    return {
      milliCpu: cpu,
      memory: enforced ? Number(Quantity.parse(capacity['memory'] ?? '0').value()) - reserved : 0,
    };
  }

  /** The file systems that may get full. */
  get places(): PressurePlaces {
    const { cri, rootDir } = this.#parts;
    return {
      root: rootDir,
      images: async () => {
        this.#imageFolder ??= (await cri.images.imageFsInfo({})).imageFilesystems[0]?.fsId?.mountpoint || rootDir;
        return this.#imageFolder;
      },
    };
  }

  /** Registers the node and keeps its status and lease. */
  start({ client, problems }: { client: Client; problems(): string[] }): void {
    const { config, events, log, signal, nodeName } = this.#parts;
    const steady = new SteadyPressure(config.evictionPressureTransitionPeriod);
    this.#manager = new NodeManager({
      client,
      identity: this.#identity(),
      machine: this.machine,
      register: config.registerNode,
      facts: () => this.#facts(),
      pressure: async () => steady.observe(await measurePressure(config.evictionHard, this.places)),
      problems,
      updateEvery: config.nodeStatusUpdateFrequency,
      reportEvery: config.nodeStatusReportFrequency,
      events,
      log,
      signal,
    });
    void this.#manager.run();
    void renewNodeLease({
      client,
      nodeName,
      nodeUid: () => this.#manager?.node?.metadata.uid,
      durationSeconds: config.nodeLeaseDurationSeconds,
      log,
      signal,
    });
  }

  /** Something about the node has changed. */
  kick(): void {
    this.#manager?.kick();
  }

  /** The node's uid, once it is registered. */
  async uid(): Promise<string | undefined> {
    const known = this.#manager?.node?.metadata.uid;
    if (known || !this.#parts.client) return known;
    return (await this.#parts.client.get(nodeKind, this.#parts.nodeName)).metadata.uid;
  }

  /** The API's version of a pod: for a static one its mirror. */
  apiPod(pod: Pod, pods: Pods): Pod | undefined {
    return isStatic(pod) ? pods.mirrorOf(pod) : pods.get(pod.metadata.uid ?? '');
  }

  #identity(): NodeIdentity {
    const { config, nodeName, nodeLabels, runtime } = this.#parts;
    return {
      name: nodeName,
      ips: this.ips,
      labels: nodeLabels,
      taints: config.registerWithTaints,
      providerId: config.providerID,
      podCidr: config.podCIDR,
      port: config.port,
      runtimeVersion: `${runtime.runtimeName}://${runtime.runtimeVersion}`,
      attachDetach: config.enableControllerAttachDetach,
    };
  }

  async #facts(): Promise<NodeStatus> {
    const { cri, config } = this.#parts;
    // Without the runtime the images of before still are what the node has.
    const images = await cri.images.listImages({}).then(
      (answer) => nodeImages(answer.images, config.nodeStatusMaxImages),
      () => this.node?.status?.images ?? [],
    );
    return nodeFacts(this.#identity(), this.machine, this.resources, images);
  }
}
