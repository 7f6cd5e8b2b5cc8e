import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { checkFeatures, observeFeatures } from './feature-gates.ts';
import { apiServerFlags } from './flags.ts';

const check = (...argv: string[]) => checkFeatures(apiServerFlags.parse(argv).values);

describe('features', () => {
  it.each([
    '--feature-gates=WatchList=true,kube:CBORServingAndStorage=false',
    '--feature-gates=ConsistentListFromCache=1',
    '--feature-gates=AllAlpha=false',
    '--feature-gates=HPAScaleToZero=false,RelaxedServiceNameValidation=true,RelaxedDNSSearchValidation=true',
    '--feature-gates=AggregatedDiscoveryRemoveBetaType=true,MutatingAdmissionPolicy=true',
    '--emulated-version=1.36',
    '--emulated-version=kube=1.36',
  ])('can be what they are: %s', (flag) => {
    expect(() => check(flag)).not.toThrow();
  });

  it.each([
    ['--feature-gates=Nope=true', 'unrecognized feature gate: Nope'],
    ['--feature-gates=constructor=true', 'unrecognized feature gate: constructor'],
    ['--feature-gates=other:WatchList=true', 'component not registered: other'],
    [
      '--feature-gates=WatchList=maybe',
      'invalid value of WatchList=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      '--feature-gates=ConsistentListFromCache=false',
      'cannot set feature gate ConsistentListFromCache to false, feature is locked to true',
    ],
    [
      '--feature-gates=CBORServingAndStorage=true',
      'cannot set feature gate CBORServingAndStorage to true, only its default false is supported',
    ],
    [
      '--feature-gates=MutatingAdmissionPolicy=false',
      'cannot set feature gate MutatingAdmissionPolicy to false, only its default true is supported',
    ],
    ['--feature-gates=AllBeta=false', 'cannot set feature gate AllBeta to false, it is not supported'],
    ['--emulated-version=kube=1.35', '--emulated-version 1.35: only 1.36 is supported'],
    ['--emulated-version=test=1.36', 'component not registered: test'],
  ])('cannot be otherwise: %s', (flag, message) => {
    expect(() => check(flag)).toThrow(message);
  });

  it('are in the metrics', async () => {
    const metrics = new Registry();
    observeFeatures(metrics);
    const text = await metrics.metrics();
    expect(text).toContain('\nkubernetes_feature_enabled{name="WatchList",stage="BETA"} 1\n');
    expect(text).toContain('\nkubernetes_feature_enabled{name="AllAlpha",stage="ALPHA"} 0\n');
    expect(text).toContain('\nkubernetes_feature_enabled{name="ConsistentListFromCache",stage=""} 1\n');
  });
});

describe('a flag for what can only be one way', () => {
  it.each([
    ['--contention-profiling=false', 'contention-profiling', 'false'],
    ['--kubelet-timeout=5000ms', 'kubelet-timeout', '5s'],
    ['--tracing-config-file=', 'tracing-config-file', ''],
    ['--watch-cache', 'watch-cache', 'true'],
    ['--log-json-split-stream=0', 'log-json-split-stream', 'false'],
    ['--storage-initialization-timeout=60s', 'storage-initialization-timeout', '1m0s'],
  ])('may be said: %s', (flag, name, value) => {
    expect((apiServerFlags.parse([flag]).values as unknown as Record<string, string>)[name]).toBe(value);
  });

  it('that is on its way out says so', () => {
    expect(apiServerFlags.parse(['--kubelet-port=10250']).warnings).toEqual([
      'Flag --kubelet-port has been deprecated, kubelet-port is deprecated and will be removed.',
    ]);
  });

  it.each([
    ['--kubelet-port=1', 'invalid argument "1" for "--kubelet-port" flag: only 10250 is supported'],
    ['--contention-profiling', 'invalid argument "true" for "--contention-profiling" flag: only false is supported'],
    ['--tracing-config-file=a.yaml', 'invalid argument "a.yaml" for "--tracing-config-file" flag: not supported'],
    [
      '--delete-collection-workers=4',
      'invalid argument "4" for "--delete-collection-workers" flag: only 1 is supported',
    ],
  ])('may not be said otherwise: %s', (flag, message) => {
    expect(() => apiServerFlags.parse([flag])).toThrow(message);
  });
});
