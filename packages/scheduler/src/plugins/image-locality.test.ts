import { expect, it } from '@jest/globals';
import { Images } from '../cache/images.ts';
import { container, makeNode, makePod, nodeWith } from '../testing/objects.ts';
import { scoreAll, testHandle } from '../testing/plugins.ts';
import { imageLocality } from './image-locality.ts';

const mb = 1024 * 1024;

function nodeWithImages(images: Images, name: string, sizes: Record<string, number>) {
  const node = makeNode(name, {
    status: { images: Object.entries(sizes).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })) },
  });
  const info = nodeWith(node);
  images.update(info, node);
  return info;
}

it('prefers nodes with more of the images, weighed by how common they are', () => {
  const images = new Images();
  const nodes = [
    nodeWithImages(images, 'large', { 'app:latest': 600 * mb }),
    nodeWithImages(images, 'small', { 'other:1': 20 * mb }),
    nodeWithImages(images, 'none', {}),
  ];
  const plugin = imageLocality(testHandle(nodes));
  const scores = scoreAll(plugin, makePod({ containers: [container({ image: 'app' })] }), nodes);
  // 600 MB on one of three nodes count as 200 MB, between 23 MB (nothing) and 1,000 MB (all).
  expect(scores).toEqual({ large: Math.floor((100 * (200 - 23)) / (1000 - 23)), small: 0, none: 0 });
});

it('forgets the images of a removed node', () => {
  const images = new Images();
  const first = nodeWithImages(images, 'first', { 'app:latest': 600 * mb });
  const second = nodeWithImages(images, 'second', { 'app:latest': 600 * mb });
  expect(first.images.get('app:latest')!.nodes.size).toBe(2);
  images.remove(second);
  expect(first.images.get('app:latest')!.nodes.size).toBe(1);
});
