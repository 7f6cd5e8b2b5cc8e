import { describe, expect, it } from '@jest/globals';
import { fullName, parseReference, withDefaultTag } from './image-reference.ts';

describe('image names', () => {
  it.each([
    ['nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['nginx:1.14.2', 'docker.io', 'library/nginx', '1.14.2', undefined],
    ['me/app', 'docker.io', 'me/app', undefined, undefined],
    ['index.docker.io/me/app:x', 'docker.io', 'me/app', 'x', undefined],
    ['localhost/app', 'localhost', 'app', undefined, undefined],
    ['localhost:5000/a/b:c', 'localhost:5000', 'a/b', 'c', undefined],
    [
      'registry.k8s.io/pause@sha256:' + 'a'.repeat(64),
      'registry.k8s.io',
      'pause',
      undefined,
      `sha256:${'a'.repeat(64)}`,
    ],
    ['[::1]:5000/x', '[::1]:5000', 'x', undefined, undefined],
  ])('%s', (name, registry, repository, tag, digest) => {
    expect(parseReference(name)).toEqual({ registry, repository, tag, digest });
  });

  it.each(['', 'UPPER', 'a//b', 'a:b:c', 'x y', '-a', 'f'.repeat(64), 'a@sha256:12'])('%j is none', (name) => {
    expect(parseReference(name)).toBeUndefined();
    expect(withDefaultTag(name)).toBeUndefined();
  });

  it('without a tag mean latest', () => {
    expect(withDefaultTag('nginx')).toBe('nginx:latest');
    expect(withDefaultTag('nginx:1')).toBe('nginx:1');
  });

  it.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['index.docker.io/me/app:1', 'docker.io/me/app:1'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    [`app@sha256:${'a'.repeat(64)}`, `docker.io/library/app@sha256:${'a'.repeat(64)}`],
    ['a b', undefined],
  ])('%s in full is %s', (name, full) => {
    expect(fullName(name)).toBe(full);
  });
});
