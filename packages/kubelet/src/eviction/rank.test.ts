import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { rankForEviction } from './rank.ts';

const pod = (name: string, request: string, more: Partial<Pod['spec']> = {}, annotations = {}): Pod => ({
  metadata: { name, annotations },
  spec: { containers: [{ name: 'c', resources: { requests: { memory: request } } }], ...more },
});

describe('who goes first when memory runs short', () => {
  it('is who uses more than it asked for, then who matters least, then who exceeds most', () => {
    const use: Record<string, number> = {
      modest: 100,
      greedy: 500,
      greedier: 900,
      important: 900,
      critical: 9999,
      static: 9999,
    };
    const pods = [
      pod('modest', '200'),
      pod('greedy', '100'),
      pod('greedier', '100'),
      pod('important', '100', { priority: 10 }),
      pod('critical', '0', { priority: 2_000_001_000 }),
      pod('static', '0', {}, { 'kubernetes.io/config.source': 'file' }),
    ];
    const ranked = rankForEviction(pods, (each) => use[each.metadata.name!]!, 'memory');
    expect(ranked.map((each) => each.metadata.name)).toEqual(['greedier', 'greedy', 'important', 'modest']);
  });
});
