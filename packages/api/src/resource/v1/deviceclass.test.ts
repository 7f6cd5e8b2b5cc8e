import { describe, expect, it } from '@jest/globals';
import type { DeviceClassSpec } from '../../generated/resource/v1.ts';
import { Path } from '../../meta/field-path.ts';
import { deviceClass } from './deviceclass.ts';

const opaque = { driver: 'gpu.example.com', parameters: { a: 1 } };
const selector = { cel: { expression: 'device.driver == "gpu.example.com"' } };
const long = 'x'.repeat(10 * 1024);

const errorsOf = (spec: DeviceClassSpec) =>
  deviceClass.validate!({ metadata: { name: 'gpu' }, spec }, new Path()).map(
    ({ field, message }) => `${field}: ${message}`,
  );

describe('a DeviceClass', () => {
  it.each<DeviceClassSpec>([
    {},
    { selectors: [selector], config: [{ opaque }], extendedResourceName: 'example.com/gpu' },
    { selectors: [{ cel: { expression: long } }] },
    { config: [{ opaque: { ...opaque, driver: 'GPU.example.com' } }] },
  ])('may be %j', (spec) => expect(errorsOf(spec)).toEqual([]));

  const names = 'must be a valid extended resource name';
  const driver = 'spec.config[0].opaque.driver';
  const parameters = 'spec.config[0].opaque.parameters';
  it.each<[DeviceClassSpec, string]>([
    [{ selectors: Array(33).fill(selector) }, 'spec.selectors: Too many: 33: must have at most 32 items'],
    [{ selectors: [{}] }, 'spec.selectors[0].cel: Required value'],
    [
      { selectors: [selector, { cel: { expression: `${long}x` } }] },
      'spec.selectors[1].cel.expression: Too long: may not be more than 10240 bytes',
    ],
    [{ config: Array(33).fill({ opaque }) }, 'spec.config: Too many: 33: must have at most 32 items'],
    [{ config: [{}] }, 'spec.config[0].opaque: Required value'],
    [{ config: [{ opaque: { ...opaque, driver: '' } }] }, `${driver}: Required value`],
    [
      { config: [{ opaque: { ...opaque, driver: 'a'.repeat(64) } }] },
      `${driver}: Too long: may not be more than 63 bytes`,
    ],
    [{ config: [{ opaque: { ...opaque, parameters: undefined } }] }, `${parameters}: Required value`],
    [
      { config: [{ opaque: { ...opaque, parameters: [1] } }] },
      `${parameters}: Invalid value: "<value omitted>": must be a valid JSON object`,
    ],
    [
      { config: [{ opaque: { ...opaque, parameters: { long } } }] },
      `${parameters}: Too long: may not be more than 10240 bytes`,
    ],
    [{ extendedResourceName: 'gpu' }, `spec.extendedResourceName: Invalid value: "gpu": ${names}`],
    [
      { extendedResourceName: 'kubernetes.io/x' },
      `spec.extendedResourceName: Invalid value: "kubernetes.io/x": ${names}`,
    ],
    [{ extendedResourceName: 'requests.a/x' }, `spec.extendedResourceName: Invalid value: "requests.a/x": ${names}`],
  ])('may not be %j', (spec, error) => expect(errorsOf(spec)).toEqual([error]));

  it('names the driver where its name is no DNS subdomain', () => {
    expect(errorsOf({ config: [{ opaque: { ...opaque, driver: 'a_b' } }] })).toEqual([
      expect.stringMatching(/^spec.config\[0\].opaque.driver: Invalid value: "a_b": a lowercase RFC 1123 subdomain/),
    ]);
  });
});
