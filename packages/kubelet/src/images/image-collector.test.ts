import { describe, expect, it } from '@jest/globals';
import type { CriClient } from '../cri/client.ts';
import type { Events } from '../pods/events.ts';
import { ImageCollector } from './image-collector.ts';

const image = (id: string, more = {}) => ({
  id,
  repoTags: [`${id}:1`],
  repoDigests: [],
  size: 10n,
  username: '',
  pinned: false,
  spec: undefined,
  uid: undefined,
  ...more,
});

function runtime(images: ReturnType<typeof image>[], used: string[]) {
  const removed: string[] = [];
  const cri = {
    images: {
      listImages: async () => ({ images: images.filter((each) => !removed.includes(each.id)) }),
      removeImage: async ({ image: { image: id } }: { image: { image: string } }) => removed.push(id),
    },
    runtime: {
      listContainers: async () => ({
        containers: used.map((imageRef) => ({ imageRef, imageId: '', image: undefined })),
      }),
      status: async () => ({ info: { config: JSON.stringify({ sandboxImage: 'pause:1' }) } }),
    },
  } as unknown as CriClient;
  return { cri, removed };
}

const events: Events = { pod: () => undefined, container: () => undefined, node: () => undefined };
const options = { events, nodeName: 'n', low: 0, folder: async () => '/' };

describe('images that no container uses', () => {
  it('are removed when their disk is too full, once they are old enough', async () => {
    let now = 1_000_000;
    const { cri, removed } = runtime(
      [image('used'), image('idle'), image('pause'), image('kept', { pinned: true })],
      ['used'],
    );
    // Whatever is in use is more than 0 percent.
    const collector = new ImageCollector({ ...options, cri, high: 0, now: () => now });
    expect(await collector.look()).toBe(0);
    now += 121_000;
    expect(await collector.look()).toBe(10);
    expect(removed).toEqual(['idle']);
  });

  it('stay while there is room', async () => {
    const { cri, removed } = runtime([image('idle')], []);
    await new ImageCollector({ ...options, cri, high: 100 }).look();
    expect(removed).toEqual([]);
  });

  it('all go at once when the node needs their space', async () => {
    const { cri, removed } = runtime([image('used'), image('a'), image('b'), image('pause')], ['used:1']);
    expect(await new ImageCollector({ ...options, cri, high: 100 }).removeUnused()).toBe(20);
    expect(removed).toEqual(['a', 'b']);
  });
});
