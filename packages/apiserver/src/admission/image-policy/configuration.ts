import { formatDuration } from '@coracle/api/meta/time';
import { decodeShape } from '@coracle/process/component-config';
import { z } from 'zod';
import { kubeconfigWebhook } from '../../webhooks/kubeconfig-webhook.ts';
import type { PluginConfiguration } from '../configuration.ts';
import type { ImagePolicy } from './plugin.ts';

const number = z.number().default(0);
const schema = z.strictObject({
  imagePolicy: z.strictObject({
    kubeConfigFile: z.string().default(''),
    allowTTL: number,
    denyTTL: number,
    retryBackoff: number,
    defaultAllow: z.boolean().default(false),
  }),
});

const nanosecond = 1e-6;
const second = 1000;
const minute = 60 * second;

/** Reads the configuration of ImagePolicyWebhook: `imagePolicy`, without version and kind. Throws naming what it cannot be. */
export function parseImagePolicy({ value }: PluginConfiguration): ImagePolicy {
  const { imagePolicy } = decodeShape(value, schema);
  const ttl = { unit: second, from: second, to: 30 * minute };
  const retryBackoff = duration(imagePolicy.retryBackoff, {
    unit: 1,
    from: nanosecond,
    to: 5 * minute,
    otherwise: 500,
  });
  const allowTtl = duration(imagePolicy.allowTTL, { ...ttl, otherwise: 5 * minute });
  const denyTtl = duration(imagePolicy.denyTTL, { ...ttl, otherwise: 30 * second });
  if (imagePolicy.kubeConfigFile === '') throw new Error('imagePolicy.kubeConfigFile: Required value');
  const webhook = kubeconfigWebhook(imagePolicy.kubeConfigFile);
  return { webhook, allowTtl, denyTtl, retryBackoff, defaultAllow: imagePolicy.defaultAllow };
}

/** In milliseconds; 0 is `otherwise`, -1 is none. */
function duration(
  given: number,
  { unit, from, to, otherwise }: { unit: number; from: number; to: number; otherwise: number },
): number {
  if (given === 0) return otherwise;
  if (given === -1) return 0;
  const milliseconds = given * unit;
  if (milliseconds >= from && milliseconds <= to) return milliseconds;
  const range = `${formatDuration(from)} and ${formatDuration(to)}`;
  throw new Error(`valid value is between ${range}, got ${formatDuration(milliseconds)}`);
}
