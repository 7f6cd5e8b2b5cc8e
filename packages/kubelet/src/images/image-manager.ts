import { parseReference, withDefaultTag } from '@coracle/api/core/image-reference';
import { formatDuration } from '@coracle/api/meta/time';
import type { Pod, Secret } from '@coracle/api/types/core/v1';
import type { CriClient } from '../cri/client.ts';
import type { DeepPartial, Image, PodSandboxConfig } from '../cri/generated/runtime.v1.ts';
import { BackOff } from '../pods/back-off.ts';
import type { Events } from '../pods/events.ts';
import type { AnyContainer } from '../pods/names.ts';
import { ContainerWaiting } from '../pods/waiting.ts';
import { credentialsFor } from './pull-secrets.ts';

/** How soon (ms) after a failed pull the status says that the kubelet now holds back. */
const backOffNotice = 2000;

export interface ImageManagerOptions {
  /** How many images are pulled at once; 1 pulls them one after the other. */
  parallelPulls: number;
  now?: () => number;
}

/** Sees to it that containers' images are there, by their pull policies. */
export class ImageManager {
  readonly #cri: CriClient;
  readonly #events: Events;
  readonly #now: () => number;
  readonly #backOff: BackOff;
  readonly #lastErrors = new Map<string, { message: string; at: number }>();
  readonly #slots: Slots;

  constructor(cri: CriClient, events: Events, options: ImageManagerOptions) {
    this.#cri = cri;
    this.#events = events;
    this.#now = options.now ?? Date.now;
    this.#backOff = new BackOff(10_000, 300_000, this.#now);
    this.#slots = new Slots(options.parallelPulls);
  }

  /** The image of a container, pulled if its policy says so. Throws ContainerWaiting with upstream's reasons. */
  async ensure(
    pod: Pod,
    container: AnyContainer,
    secrets: readonly Secret[],
    sandbox: DeepPartial<PodSandboxConfig>,
    signal?: AbortSignal,
  ): Promise<Image> {
    const written = container.image ?? '';
    const name = withDefaultTag(written);
    if (!name) {
      const message = `Failed to apply default image tag "${written}": couldn't parse image name "${written}": invalid reference format`;
      this.#events.container(pod, container, 'Warning', 'InspectFailed', message);
      throw new ContainerWaiting('InvalidImageName', message);
    }
    const present = await this.#present(pod, container, name);
    const policy = container.imagePullPolicy ?? (name.endsWith(':latest') ? 'Always' : 'IfNotPresent');
    if (policy === 'Never' && !present) {
      const message = `Container image "${written}" is not present with pull policy of Never`;
      this.#events.container(pod, container, 'Warning', 'ErrImageNeverPull', message);
      throw new ContainerWaiting('ErrImageNeverPull', message);
    }
    if (present && policy !== 'Always') {
      const message = `Container image "${written}" already present on machine and can be accessed by the pod`;
      this.#events.container(pod, container, 'Normal', 'Pulled', message);
      return present;
    }
    return this.#pull(pod, container, name, secrets, sandbox, signal);
  }

  /** Forgets failures long past. */
  collect(): void {
    this.#backOff.collect();
    for (const [key, { at }] of this.#lastErrors) if (this.#now() - at > 600_000) this.#lastErrors.delete(key);
  }

  #key(pod: Pod, name: string): string {
    return `${pod.metadata.uid}_${name}`;
  }

  async #present(pod: Pod, container: AnyContainer, name: string): Promise<Image | undefined> {
    try {
      const { image } = await this.#cri.images.imageStatus({ image: { image: name } });
      return image;
    } catch (error) {
      const message = `Failed to inspect image "${container.image}": ${(error as Error).message}`;
      this.#events.container(pod, container, 'Warning', 'InspectFailed', message);
      throw new ContainerWaiting('ImageInspectError', message);
    }
  }

  async #pull(
    pod: Pod,
    container: AnyContainer,
    name: string,
    secrets: readonly Secret[],
    sandboxConfig: DeepPartial<PodSandboxConfig>,
    signal: AbortSignal | undefined,
  ): Promise<Image> {
    const key = this.#key(pod, name);
    const last = this.#lastErrors.get(key);
    const remaining = last ? this.#backOff.remaining(key, last.at) : 0;
    if (last && remaining > 0) {
      this.#events.container(pod, container, 'Normal', 'BackOff', `Back-off pulling image "${container.image}"`);
      throw new ContainerWaiting(
        'ImagePullBackOff',
        `Back-off pulling image "${container.image}": ErrImagePull: ${last.message}`,
        remaining,
      );
    }
    this.#events.container(pod, container, 'Normal', 'Pulling', `Pulling image "${container.image}"`);
    const asked = this.#now();
    try {
      const started = await this.#slots.take();
      let image: Image | undefined;
      let begun = 0;
      try {
        begun = this.#now();
        await this.#pullWith(pod, name, secrets, sandboxConfig, signal);
        ({ image } = await this.#cri.images.imageStatus({ image: { image: name } }));
      } finally {
        started();
      }
      if (!image) throw new Error(`image "${name}" is not there after it was pulled`);
      const took = formatDuration(this.#now() - begun);
      const waited = formatDuration(this.#now() - asked);
      this.#events.container(
        pod,
        container,
        'Normal',
        'Pulled',
        `Successfully pulled image "${container.image}" in ${took} (${waited} including waiting). Image size: ${image.size} bytes.`,
      );
      this.#backOff.forget(key);
      this.#lastErrors.delete(key);
      return image;
    } catch (error) {
      const { message } = error as Error;
      this.#backOff.next(key, this.#now());
      this.#lastErrors.set(key, { message, at: this.#now() });
      this.#events.container(
        pod,
        container,
        'Warning',
        'Failed',
        `Failed to pull image "${container.image}": ${message}`,
      );
      throw new ContainerWaiting('ErrImagePull', message, backOffNotice);
    }
  }

  /** Tries each fitting credential, or none where there is none. */
  async #pullWith(
    pod: Pod,
    name: string,
    secrets: readonly Secret[],
    sandboxConfig: DeepPartial<PodSandboxConfig>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const malformed = (secret: Secret, problem: string): void =>
      this.#events.pod(
        pod,
        'Warning',
        'FailedToRetrieveImagePullSecret',
        `Unable to read image pull secret ${secret.metadata.name}: ${problem}`,
      );
    const credentials = credentialsFor(parseReference(name)!, secrets, malformed);
    const failures: string[] = [];
    for (const auth of credentials.length > 0 ? credentials : [undefined]) {
      try {
        await this.#cri.images.pullImage({ image: { image: name }, auth, sandboxConfig }, { timeout: 0, signal });
        return;
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    throw new Error(failures.length > 1 ? `[${failures.join(', ')}]` : failures[0]);
  }
}

/** Lets so many through at once; the others wait their turn. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Settles when a slot is free, with what gives it back. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }
}
