import { describe, expect, it } from '@jest/globals';
import { requiredAccess } from './authorization.ts';

const access = (method: string, path: string): string[] =>
  requiredAccess(method, path, 'n').map(
    ({ resourceAttributes: it }) => `${it?.verb} ${it?.resource}/${it?.subresource} ${it?.name}`,
  );

describe('what a request to the kubelet needs', () => {
  it.each([
    ['GET', '/metrics/resource', ['get nodes/metrics n']],
    ['GET', '/stats/summary', ['get nodes/stats n']],
    ['GET', '/logs/syslog', ['get nodes/log n']],
    ['GET', '/pods', ['get nodes/pods n', 'get nodes/proxy n']],
    ['GET', '/healthz', ['get nodes/healthz n', 'get nodes/proxy n']],
    ['GET', '/configz', ['get nodes/configz n', 'get nodes/proxy n']],
    ['GET', '/containerLogs/a/b/c', ['get nodes/proxy n']],
    ['POST', '/exec/a/b/c', ['create nodes/proxy n']],
    ['GET', '/podsecrets', ['get nodes/proxy n']],
    ['GET', '/metricsx', ['get nodes/proxy n']],
  ])('%s %s', (method, path, expected) => {
    expect(access(method, path)).toEqual(expected);
  });
});
