import { describe, expect, it } from '@jest/globals';
import { apiServerFlags } from './flags.ts';

describe('a flag for what this server does in one way', () => {
  it('takes the value that says so, however it is written', () => {
    const { values } = apiServerFlags.parse([
      '--contention-profiling=0',
      '--kubelet-timeout=5000ms',
      '--enable-garbage-collector',
    ]);
    expect(values['contention-profiling']).toBe('false');
    expect(values['kubelet-timeout']).toBe('5s');
  });

  it('refuses any other', () => {
    expect(() => apiServerFlags.parse(['--enable-logs-handler'])).toThrow(
      'invalid argument "true" for "--enable-logs-handler" flag: only false is supported',
    );
    expect(() => apiServerFlags.parse(['--vmodule=a=1'])).toThrow(
      'invalid argument "a=1" for "--vmodule" flag: not supported',
    );
  });

  it('that is deprecated says so when it is used', () => {
    expect(apiServerFlags.parse(['--enable-logs-handler=false']).warnings).toEqual([
      'Flag --enable-logs-handler has been deprecated, Log handler functionality is deprecated',
    ]);
  });
});
