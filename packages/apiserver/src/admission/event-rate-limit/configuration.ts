import { type FieldError, invalid, notSupported, Path } from '@coracle/api/meta/field-path';
import { aggregate } from '@coracle/api/meta/status';
import { decodeComponentConfig } from '@coracle/process/component-config';
import { z } from 'zod';
import type { PluginConfiguration } from '../configuration.ts';
import { type EventLimit, limitTypes } from './plugin.ts';

const count = z.int().default(0);
const schema = z.strictObject({
  limits: z
    .array(z.strictObject({ type: z.string().default(''), qps: count, burst: count, cacheSize: count }))
    .nullish(),
});

/** Reads a Configuration of eventratelimit.admission.k8s.io. Throws naming each thing wrong. */
export function parseEventRateLimits({ value }: PluginConfiguration): readonly EventLimit[] {
  const { limits: given } = decodeComponentConfig(value, {
    apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
    kind: 'Configuration',
    schema,
  });
  const limits = given ?? [];
  const at = new Path('limits');
  const errors: FieldError[] = limits.length === 0 ? [invalid(at, limits, 'must not be empty')] : [];
  const known = limits.flatMap(({ type: text, ...numbers }, i): EventLimit[] => {
    const path = at.index(i);
    const type = limitTypes.find((each) => each === text);
    if (type === undefined) errors.push(notSupported(path.child('type'), text, limitTypes));
    for (const field of ['burst', 'qps'] as const) {
      if (numbers[field] <= 0) errors.push(invalid(path.child(field), numbers[field], 'must be positive'));
    }
    if (type !== 'Server' && numbers.cacheSize < 0) {
      errors.push(invalid(path.child('cacheSize'), numbers.cacheSize, 'must not be negative'));
    }
    return type === undefined ? [] : [{ type, ...numbers }];
  });
  if (errors.length > 0) throw new Error(aggregate(errors.map(({ field, message }) => `${field}: ${message}`)));
  return known;
}
