import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { publicServer } from '../cluster/cluster.ts';
import { plainWishes, planCluster } from '../cluster/plan.ts';
import { forwardings } from '../forwarding/plan.ts';
import { authorities, planCertificates } from '../pki/plan.ts';
import { componentsOf } from './all.ts';
import type { ComponentInput, NodeFacts } from './component.ts';
import { containerdConfig } from './containerd.ts';
import { kubeletConfig } from './kubelet.ts';

const facts: NodeFacts = { cgroupV1: true, mayAdjustOomScore: false, snapshotter: 'overlayfs' };
const cluster = { ...planCluster('dev', plainWishes(1, 1), [], []), data: '/data', runtime: '/run/x' };
const asked: string[] = [];
const input: ComponentInput = {
  cluster,
  node: cluster.nodes[0]!,
  facts,
  pki: (file) => {
    asked.push(file);
    return `<${file}>`;
  },
};
const components = componentsOf(input);
const of = (name: string) => components.find((it) => it.service.name === name)!;

const folder = mkdtempSync(join(tmpdir(), 'coracle-components-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A data folder whose authority is this text. */
function pkiOf(authority: string): string {
  mkdirSync(join(folder, 'pki'), { recursive: true });
  writeFileSync(join(folder, 'pki/ca.crt'), authority);
  return folder;
}

describe('the processes of a node', () => {
  it('are all there', () => {
    expect(components.map((it) => it.service.name).sort()).toEqual([
      'containerd',
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-proxy',
      'kube-scheduler',
      'kubelet',
      'overlay',
    ]);
  });

  it('are fewer on a worker, which has nothing of the control plane', () => {
    const two = { ...planCluster('dev', plainWishes(2, 1), [], []), data: '/data', runtime: '/run/x' };
    const files: string[] = [];
    const pki = (file: string) => {
      files.push(file);
      return '';
    };
    const worker = componentsOf({ cluster: two, node: two.nodes[1]!, facts, pki });
    expect(worker.map((it) => it.service.name).sort()).toEqual(['containerd', 'kube-proxy', 'kubelet', 'overlay']);
    expect(files.filter((it) => /ca\.key|sa\.key|etcd-(server|root)|admin/.test(it))).toEqual([]);
  });

  it('reach several API servers through a balancer of their own, and take turns', () => {
    const three = { ...planCluster('dev', plainWishes(4, 3), [], []), data: '/data', runtime: '/run/x' };
    const pki = (file: string) => `<${file}>`;
    const worker = componentsOf({ cluster: three, node: three.nodes[3]!, facts, pki });
    const balancer = worker.find((it) => it.service.name === 'load-balancer')!;
    expect(JSON.parse(balancer.files.find((it) => it.path.endsWith('backends.json'))!.text)).toEqual([
      '172.30.0.2:443',
      '172.30.0.3:443',
      '172.30.0.4:443',
    ]);
    for (const it of worker.filter((each) => each.service.name.startsWith('kube'))) {
      expect(it.files.find((file) => file.path.endsWith('kubeconfig'))!.text).toContain(
        'server: https://127.0.0.1:6443',
      );
      expect(it.service.after).toContain('load-balancer');
    }
    const plane = componentsOf({ cluster: three, node: three.nodes[0]!, facts, pki });
    for (const name of ['kube-scheduler', 'kube-controller-manager']) {
      expect(plane.find((it) => it.service.name === name)!.service.command).toContain('--leader-elect=true');
    }
    expect(forwardings({ ...three, data: pkiOf('<authority>') })).toEqual([
      {
        listen: '172.30.0.1:6443',
        backends: ['172.30.0.2:443', '172.30.0.3:443', '172.30.0.4:443'],
        authority: '<authority>',
      },
    ]);
    expect(forwardings(cluster)).toEqual([]);
  });

  it('have the flags a user adds, in place of our own', () => {
    const flags = { kubelet: { 'max-pods': '7' }, 'kube-apiserver': { 'anonymous-auth': 'false' } };
    const flagged = { ...cluster, components: { flags, kubelet: { maxPods: 9 } } };
    const all = componentsOf({ ...input, cluster: flagged });
    const command = (name: string) => all.find((it) => it.service.name === name)!.service.command;
    expect(command('kubelet')).toContain('--max-pods=7');
    expect(command('kube-apiserver').filter((it) => it.startsWith('--anonymous-auth'))).toEqual([
      '--anonymous-auth=false',
    ]);
    expect(kubeletConfig({ cluster: flagged, node: cluster.nodes[0]!, facts })).toMatchObject({ maxPods: 9 });
  });

  it('read only certificates that are planned', () => {
    const planned = new Set([
      ...[...planCertificates(cluster).map((it) => it.file), ...Object.keys(authorities), 'sa'].flatMap((it) => [
        `${it}.crt`,
        `${it}.key`,
      ]),
      'sa.pub',
    ]);
    expect(asked.filter((it) => !planned.has(it))).toEqual([]);
  });

  it('read files of their own folder, which holds every file a flag names', () => {
    for (const { service, files } of components) {
      const named = service.command.flatMap((it) => it.match(/\/etc\/coracle\/\S+/g) ?? []);
      const written = files.map((it) => `/etc/coracle/${it.path}`);
      expect(named.filter((it) => !written.includes(it))).toEqual([]);
    }
  });

  it('have no more rights than they need', () => {
    expect(of('etcd').service.user).toEqual({ uid: 61001, gid: 61001 });
    expect(of('kube-apiserver').service.user).toEqual({ uid: 61002, gid: 61002, capabilities: ['net_bind_service'] });
    expect(of('kube-scheduler').service.user?.capabilities).toBeUndefined();
    expect(of('kubelet').service.user).toBeUndefined();
    const caches = components.flatMap((it) => it.service.env?.['NODE_COMPILE_CACHE'] ?? []);
    expect(new Set(caches).size).toBe(caches.length);
  });

  it('stop in order: what uses others before what it uses', () => {
    const rank = (name: string) => of(name).service.stopRank;
    expect(rank('kubelet')).toBeGreaterThan(rank('kube-controller-manager'));
    expect(rank('kube-scheduler')).toBeGreaterThan(rank('kube-apiserver'));
    expect(rank('kube-apiserver')).toBeGreaterThan(rank('etcd'));
    expect(rank('etcd')).toBeGreaterThan(rank('containerd'));
  });
});

describe('kube-apiserver', () => {
  const flags = of('kube-apiserver').service.command;

  it('serves on 443 with RBAC, and reaches etcd only with a certificate', () => {
    expect(flags).toContain('--secure-port=443');
    expect(flags).toContain('--authorization-mode=Node,RBAC');
    expect(flags).toContain('--etcd-certfile=/etc/coracle/kube-apiserver/etcd-client.crt');
    expect(of('etcd').service.command).toContain('--client-cert-auth=true');
    expect(of('etcd').service.command.join(' ')).not.toContain('http://');
  });

  it('has a certificate for all its names and addresses', () => {
    const certificate = planCertificates(cluster).find((it) => it.file === 'apiserver-dev-1')!;
    expect(certificate.dnsNames).toEqual(
      expect.arrayContaining(['kubernetes.default.svc.cluster.local', 'localhost', 'dev-1']),
    );
    expect(certificate.ipAddresses).toEqual(['10.96.0.1', '172.30.0.1', '127.0.0.1', '172.30.0.2']);
  });

  it('has in its certificate what the user names, and where machines that join reach it', () => {
    const apiServer = { certSANs: ['k8s.example', '192.0.2.7'], externalAddress: 'api.example:6443' };
    const named = { ...cluster, apiServer };
    const certificate = planCertificates(named).find((it) => it.file === 'apiserver-dev-1')!;
    expect(certificate.dnsNames?.slice(-2)).toEqual(['k8s.example', 'api.example']);
    expect(certificate.ipAddresses?.at(-1)).toBe('192.0.2.7');
    expect(publicServer(named)).toBe('https://api.example:6443');
    expect(publicServer(cluster)).toBe('https://172.30.0.2:443');
  });
});

describe('certificates', () => {
  it('name components as Kubernetes does', () => {
    const names = Object.fromEntries(
      planCertificates(cluster).map((it) => [it.file, [it.commonName, it.organizations?.[0]]]),
    );
    expect(names['kube-scheduler']).toEqual(['system:kube-scheduler', undefined]);
    expect(names['kubelet-dev-1']).toEqual(['system:node:dev-1', 'system:nodes']);
    expect(names['admin']).toEqual(['kubernetes-admin', 'system:masters']);
  });
});

describe('the configuration of the kubelet', () => {
  it('allows cgroup v1 only where the host has it', () => {
    expect(kubeletConfig({ cluster, node: cluster.nodes[0]!, facts })).toMatchObject({
      failCgroupV1: false,
      cgroupDriver: 'cgroupfs',
    });
    expect(
      kubeletConfig({ cluster, node: cluster.nodes[0]!, facts: { ...facts, cgroupV1: false } }),
    ).not.toHaveProperty('failCgroupV1');
  });

  it('asks for no out-of-memory score where it cannot have one', () => {
    expect(kubeletConfig({ cluster, node: cluster.nodes[0]!, facts })).toMatchObject({ oomScoreAdj: 0 });
    expect(
      kubeletConfig({ cluster, node: cluster.nodes[0]!, facts: { ...facts, mayAdjustOomScore: true } }),
    ).not.toHaveProperty('oomScoreAdj');
  });
});

describe('the configuration of containerd', () => {
  it('follows what the host can do', () => {
    expect(containerdConfig(facts)).toContain('restrict_oom_score_adj = true');
    expect(containerdConfig({ ...facts, mayAdjustOomScore: true })).toContain('restrict_oom_score_adj = false');
    expect(containerdConfig({ ...facts, snapshotter: 'native' })).toContain('snapshotter = "native"');
  });
});
