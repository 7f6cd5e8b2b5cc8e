import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { endedBeyond, goneNodes } from './controller.ts';

const of = (name: string, phase: string, nodeName?: string): Pod => ({
  metadata: { name, creationTimestamp: `2026-01-0${name.length}T00:00:00Z` },
  spec: { containers: [], nodeName },
  status: { phase },
});

describe('which pods nobody else will delete', () => {
  it('ended ones beyond the threshold, oldest first', () => {
    const pods = [of('ccc', 'Failed'), of('a', 'Succeeded'), of('bb', 'Failed'), of('dddd', 'Running')];
    expect(endedBeyond(pods, 1).map((each) => each.metadata.name)).toEqual(['a', 'bb']);
    expect(endedBeyond(pods, 3)).toEqual([]);
    expect(endedBeyond(pods, 0)).toEqual([]);
  });

  it('those of nodes that have been gone for a while', () => {
    const missing = new Map<string, number>();
    const pods = [of('a', 'Running', 'here'), of('b', 'Running', 'away')];
    expect(goneNodes(pods, new Set(['here']), missing, 0)).toEqual([]);
    expect(goneNodes(pods, new Set(['here']), missing, 50_000)).toEqual(['away']);
    expect(goneNodes(pods, new Set(['here', 'away']), missing, 60_000)).toEqual([]);
    expect(missing.size).toBe(0);
  });
});
