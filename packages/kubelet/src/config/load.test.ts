import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { kubeletFlags } from '../flags.ts';
import { configText } from './configz.ts';
import { loadConfiguration, parseConfiguration } from './load.ts';

const header = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const parse = (text: string) => parseConfiguration(header + text, 'kubelet.yaml');

describe('a KubeletConfiguration', () => {
  it("has upstream's defaults", () => {
    expect(parse('')).toMatchObject({
      port: 10_250,
      healthzPort: 10_248,
      maxPods: 110,
      syncFrequency: 60_000,
      nodeStatusUpdateFrequency: 10_000,
      nodeStatusReportFrequency: 300_000,
      failCgroupV1: true,
      authentication: { anonymous: { enabled: false }, webhook: { enabled: true, cacheTTL: 120_000 } },
      authorization: { mode: 'Webhook' },
      evictionHard: { 'memory.available': '100Mi' },
    });
  });

  it.each([
    ['maxPodz: 3\n', 'strict decoding error: unknown field "maxPodz"'],
    [
      'authentication: {anonymous: {maybe: true}}\n',
      'strict decoding error: unknown field "authentication.anonymous.maybe"',
    ],
    ['maxPods: many\n', 'maxPods: Invalid input'],
    ['syncFrequency: soon\n', 'syncFrequency: '],
    ['cgroupDriver: systemd\n', 'cgroupDriver: only the default ("cgroupfs") is supported'],
    ['cpuManagerPolicy: static\n', 'cpuManagerPolicy: only the default ("none") is supported'],
    ['evictionHard: {moon.phase: 10%}\n', 'evictionHard'],
    ['featureGates: {SidecarContainers: true}\n', 'featureGates.SidecarContainers: feature gates cannot be set'],
    ['tlsCipherSuites: [TLS_AES_128_GCM_SHA256]\n', 'tlsCipherSuites: is not supported'],
    ['evictionSoft: {memory.available: 1Gi}\n', 'unknown field "evictionSoft"'],
  ])('names what it does not take: %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('of another version is refused', () => {
    expect(() => parseConfiguration('apiVersion: kubelet.config.k8s.io/v1\nkind: KubeletConfiguration\n', 'f')).toThrow(
      'no kind "KubeletConfiguration" is registered for version "kubelet.config.k8s.io/v1"',
    );
  });

  it('is shown with durations as texts', () => {
    expect(configText(parse('syncFrequency: 90s\n'))).toMatchObject({ syncFrequency: '1m30s', maxPods: 110 });
  });
});

describe('flags', () => {
  it('stand above the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubelet-config-'));
    try {
      const file = join(folder, 'kubelet.yaml');
      writeFileSync(file, `${header}maxPods: 20\nport: 1234\n`);
      const { values, changed } = kubeletFlags.parse([
        `--config=${file}`,
        '--max-pods=30',
        '--register-with-taints=a=b:NoSchedule,c:NoExecute',
        '--anonymous-auth',
        '--rotate-certificates',
        '--rotate-server-certificates',
      ]);
      expect(await loadConfiguration(values, changed)).toMatchObject({
        maxPods: 30,
        port: 1234,
        registerWithTaints: [
          { key: 'a', value: 'b', effect: 'NoSchedule' },
          { key: 'c', effect: 'NoExecute' },
        ],
        authentication: { anonymous: { enabled: true } },
        rotateCertificates: true,
        serverTLSBootstrap: true,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('name what they do not take', async () => {
    const { values, changed } = kubeletFlags.parse(['--register-with-taints=bad', '--read-only-port=10255']);
    await expect(loadConfiguration(values, changed)).rejects.toThrow('invalid taint spec: bad');
    const other = kubeletFlags.parse(['--read-only-port=10255']);
    await expect(loadConfiguration(other.values, other.changed)).rejects.toThrow(
      'readOnlyPort: only the default (0) is supported',
    );
  });
});
