import type { CriClient } from '../cri/client.ts';
import type { Image } from '../cri/generated/runtime.v1.ts';
import { fileSystem } from '../node/machine.ts';
import type { Events } from '../pods/events.ts';

export interface ImageCollectorOptions {
  cri: CriClient;
  events: Events;
  nodeName: string;
  /** Percent of the images' file system in use: above `high` images are removed until `low` is reached; 100 switches it off. */
  high: number;
  low: number;
  /** Where the images' file system is. */
  folder(): Promise<string>;
  now?: () => number;
}

/** Images younger than this (ms) are kept: a pod may be about to use them. */
const minAge = 120_000;

interface Known {
  since: number;
  lastUsed: number;
}

/** Removes images that no container uses when their disk gets full, the longest unused first. */
export class ImageCollector {
  readonly #options: ImageCollectorOptions;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Looks once; returns the bytes freed. */
  async look(): Promise<number> {
    const { high, low, folder, events, nodeName } = this.#options;
    const unused = await this.#unused();
    if (high >= 100) return 0;
    const { capacity, available } = await fileSystem(await folder());
    if (capacity === 0 || 100 - (available * 100) / capacity < high) return 0;
    const wanted = Math.ceil((capacity * (100 - low)) / 100) - available;
    const freed = await this.#remove(unused, wanted, minAge);
    if (freed < wanted) {
      events.node(
        nodeName,
        'Warning',
        'FreeDiskSpaceFailed',
        `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`,
      );
    }
    return freed;
  }

  /** Removes all images that no container uses; returns the bytes freed. */
  async removeUnused(): Promise<number> {
    return this.#remove(await this.#unused(), Number.POSITIVE_INFINITY, 0);
  }

  async #unused(): Promise<Image[]> {
    const { cri } = this.#options;
    const [{ images }, { containers }, sandboxImage] = await Promise.all([
      cri.images.listImages({}),
      cri.runtime.listContainers({}),
      this.#sandboxImage(),
    ]);
    const used = new Set(containers.flatMap((each) => [each.imageRef, each.imageId, each.image?.image ?? '']));
    const now = this.#now();
    const names = (image: Image): string[] => [image.id, ...image.repoTags, ...image.repoDigests];
    for (const image of images) {
      const known = this.#known.get(image.id) ?? { since: now, lastUsed: 0 };
      if (names(image).some((name) => used.has(name))) known.lastUsed = now;
      this.#known.set(image.id, known);
    }
    for (const id of this.#known.keys()) if (!images.some((each) => each.id === id)) this.#known.delete(id);
    return images.filter(
      (each) => !each.pinned && !names(each).some((name) => used.has(name) || name === sandboxImage),
    );
  }

  /** The image of sandboxes, which are no containers in the runtime's list. Newer runtimes pin it. */
  async #sandboxImage(): Promise<string | undefined> {
    const { info } = await this.#options.cri.runtime.status({ verbose: true });
    const config = info['config'] ? (JSON.parse(info['config']) as { sandboxImage?: string }) : {};
    return config.sandboxImage;
  }

  async #remove(images: Image[], wanted: number, age: number): Promise<number> {
    const { cri } = this.#options;
    const now = this.#now();
    const of = ({ id }: Image): Known => this.#known.get(id)!;
    const due = images
      .filter((each) => now - Math.max(of(each).since, of(each).lastUsed) >= age)
      .sort((a, b) => of(a).lastUsed - of(b).lastUsed || of(a).since - of(b).since);
    let freed = 0;
    for (const image of due) {
      if (freed >= wanted) break;
      await cri.images.removeImage({ image: { image: image.id } });
      this.#known.delete(image.id);
      freed += Number(image.size);
    }
    return freed;
  }
}
