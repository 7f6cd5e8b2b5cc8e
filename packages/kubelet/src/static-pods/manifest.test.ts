import { describe, expect, it } from '@jest/globals';
import { readManifest } from './manifest.ts';

const yaml = (more = '', apiVersion = 'v1'): string =>
  `apiVersion: ${apiVersion}\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: c\n    image: nginx:1\n${more}`;
const read = (text: string, file = '/etc/manifests/web.yaml') => readManifest(file, text, 'node-1');

describe('a manifest', () => {
  it('makes a pod of this node, with defaults', () => {
    const pod = read(yaml());
    expect(pod.metadata).toMatchObject({
      name: 'web-node-1',
      namespace: 'default',
      annotations: { 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.hash': pod.metadata.uid },
    });
    expect(pod.spec).toMatchObject({
      nodeName: 'node-1',
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
    });
  });

  it('is known again by what it says, and is another pod when it changes', () => {
    expect(read(yaml()).metadata.uid).toBe(read(yaml()).metadata.uid);
    expect(read(yaml('  hostNetwork: true\n')).metadata.uid).not.toBe(read(yaml()).metadata.uid);
    expect(read(yaml(), '/other').metadata.uid).not.toBe(read(yaml()).metadata.uid);
  });

  it('may be JSON', () => {
    const text = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'j' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    expect(read(text).metadata.name).toBe('j-node-1');
  });

  it.each([
    [yaml('', 'v1beta3'), 'no kind "Pod" is registered for version "v1beta3"'],
    [yaml().replace('kind: Pod', 'kind: Deployment'), 'no kind "Deployment" is registered for version "v1"'],
    ['a: [', "couldn't parse as pod"],
    [`${yaml()}---\n${yaml()}`, 'expected one document, found 2'],
    [yaml('  colour: red\n'), 'unknown field "spec.colour"'],
    [yaml('  volumes: text\n'), 'cannot unmarshal'],
    [yaml().replace('  name: web\n', '  labels: {}\n'), 'metadata.name: Required value'],
    [yaml().replace('name: c', 'name: UPPER'), 'invalid pod: [spec.containers[0].name: Invalid value'],
    [
      yaml().replace('  name: web\n', '  name: web\n  labels: {a: "-"}\n'),
      'invalid pod: [metadata.labels: Invalid value: "-"',
    ],
    [yaml('  schedulingGates: [{name: a/b}]\n'), 'spec.nodeName: Forbidden: cannot be set until all schedulingGates'],
    [yaml('  serviceAccountName: robot\n'), 'static pods may not reference serviceaccounts'],
    [yaml('  volumes:\n  - name: v\n    secret: {secretName: s}\n'), 'static pods may not reference secrets'],
  ])('is refused by name: %#', (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow('/etc/manifests/web.yaml');
  });

  it('is refused with as many errors as anybody reads', () => {
    const items = Array.from({ length: 20_000 }, () => '{ip: no-address-at-all}').join(', ');
    let message = '';
    try {
      read(yaml(`  hostAliases: [${items}]\n`));
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message.length).toBeGreaterThan(1 << 19);
    expect(message.length).toBeLessThan(1 << 21);
  });
});
