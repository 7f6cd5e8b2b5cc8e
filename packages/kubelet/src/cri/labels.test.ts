import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { containerAnnotations, containerHash, readContainerAnnotations, sandboxLabels } from './labels.ts';

const pod: Pod = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u-1', labels: { app: 'web', 'io.kubernetes.pod.name': 'forged' } },
  spec: { containers: [], terminationGracePeriodSeconds: 7 },
};

describe('containerHash', () => {
  it('changes with name and image, and with nothing else', () => {
    const hash = containerHash({ name: 'a', image: 'nginx:1' });
    expect(containerHash({ name: 'a', image: 'nginx:1', ...{ env: [{ name: 'X', value: '1' }] } })).toBe(hash);
    expect(containerHash({ name: 'b', image: 'nginx:1' })).not.toBe(hash);
    expect(containerHash({ name: 'a', image: 'nginx:2' })).not.toBe(hash);
  });

  it('is the same in every process: a restarted kubelet knows its containers', () => {
    expect(containerHash({ name: 'nginx', image: 'nginx:1.14.2' })).toBe('cdf42beb');
  });
});

describe('annotations of containers', () => {
  it('remember what an orphan needs to end', () => {
    const preStop = { exec: { command: ['sync'] } };
    const written = containerAnnotations(
      pod,
      { name: 'c', terminationMessagePath: '/dev/end', terminationMessagePolicy: 'File', lifecycle: { preStop } },
      3,
    );
    expect(readContainerAnnotations(written)).toEqual({
      hash: containerHash({ name: 'c' }),
      restartCount: 3,
      terminationMessagePath: '/dev/end',
      terminationMessagePolicy: 'File',
      terminationGracePeriod: 7,
      preStop,
    });
  });

  it('of a pod that is being deleted remember the shorter grace period', () => {
    const deleted = { ...pod, metadata: { ...pod.metadata, deletionGracePeriodSeconds: 2 } };
    expect(readContainerAnnotations(containerAnnotations(deleted, { name: 'c' }, 0)).terminationGracePeriod).toBe(2);
  });
});

describe('labels of sandboxes', () => {
  it("are the pod's, but who it is cannot be forged", () => {
    expect(sandboxLabels(pod)).toEqual({
      app: 'web',
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.namespace': 'shop',
      'io.kubernetes.pod.uid': 'u-1',
    });
  });
});
