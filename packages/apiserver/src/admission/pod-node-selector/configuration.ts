import { decodeShape } from '@coracle/process/component-config';
import { z } from 'zod';
import type { PluginConfiguration } from '../configuration.ts';
import { type NodeSelector, parseNodeSelector } from './selector.ts';

const schema = z.strictObject({ podNodeSelectorPluginConfig: z.record(z.string(), z.string()).nullish() });

/** Reads the configuration of PodNodeSelector: `podNodeSelectorPluginConfig`, without version and kind. Throws on a selector that is none. */
export function parseNodeSelectors({ value }: PluginConfiguration): ReadonlyMap<string, NodeSelector> {
  const { podNodeSelectorPluginConfig } = decodeShape(value, schema);
  return new Map(
    Object.entries(podNodeSelectorPluginConfig ?? {}).map(([name, text]) => [name, parseNodeSelector(text)]),
  );
}
