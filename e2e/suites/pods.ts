import type { Pod } from '@coracle/api/types/core/v1';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Cluster, eventually } from '../cluster.ts';
import { podManifest, shell } from '../manifests.ts';

/** What runs inside a pod: environment, volumes, probes, restarts, limits. */
export function pods(cluster: Cluster): void {
  const pod = (name: string) => cluster.get<Pod>('pod', name);
  const ended = async (name: string) => {
    await eventually(
      `pod ${name} ends`,
      () => pod(name),
      (it) => ['Succeeded', 'Failed'].includes(it.status?.phase ?? ''),
    );
    return cluster.must(['logs', name, '--all-containers']);
  };

  describe('pods', () => {
    beforeAll(async () => {
      await cluster.must([
        'create',
        'configmap',
        'settings',
        '--from-literal=colour=blue',
        '--from-literal=shape=round',
      ]);
      await cluster.must(['create', 'secret', 'generic', 'hidden', '--from-literal=word=swordfish']);
    });

    it('get their environment from literals, maps, secrets and themselves', async () => {
      await cluster.apply(
        podManifest(
          'environment',
          shell(
            'echo "$PLAIN $COLOUR $WORD $NAME $IP $LIMIT $all_shape $JOINED"',
            `env:
- {name: PLAIN, value: plain}
- {name: JOINED, value: "$(PLAIN)-$$(PLAIN)"}
- name: COLOUR
  valueFrom: {configMapKeyRef: {name: settings, key: colour}}
- name: WORD
  valueFrom: {secretKeyRef: {name: hidden, key: word}}
- name: NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- name: LIMIT
  valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}
envFrom:
- prefix: all_
  configMapRef: {name: settings}
resources: {limits: {memory: 32Mi}}`,
          ),
        ),
      );
      const log = await ended('environment');
      expect(log.trim()).toMatch(/^plain blue swordfish environment \d+\.\d+\.\d+\.\d+ 32 round plain-\$\(PLAIN\)$/);
    });

    it('mount every kind of volume', async () => {
      await cluster.apply(
        podManifest(
          'volumes',
          `${shell(
            'for f in /config/colour /secret/word /about/labels /mixed/token; do head -c 20 $f; echo; done; stat -c %a /secret/..data/word; ls /host; cat /proc/mounts | grep -c /memory; echo here > /shared/file',
            `volumeMounts:
- {name: config, mountPath: /config}
- {name: secret, mountPath: /secret}
- {name: about, mountPath: /about}
- {name: mixed, mountPath: /mixed}
- {name: host, mountPath: /host, readOnly: true}
- {name: memory, mountPath: /memory}
- {name: shared, mountPath: /shared}`,
          )}
volumes:
- {name: config, configMap: {name: settings}}
- {name: secret, secret: {secretName: hidden, defaultMode: 256}}
- {name: about, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
- name: mixed
  projected:
    sources:
    - serviceAccountToken: {path: token}
    - configMap: {name: kube-root-ca.crt}
- {name: host, hostPath: {path: /etc/apt, type: Directory}}
- {name: memory, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
- {name: shared, emptyDir: {}}`,
        ),
      );
      const log = await ended('volumes');
      expect(log).toContain('blue');
      expect(log).toContain('swordfish');
      expect(log).toContain('app="volumes"');
      expect(log).toContain('eyJ');
      expect(log).toContain('400');
      expect(log).toMatch(/sources\.list/);
    });

    it('share one address, and reach each other on localhost, after init containers ran in order', async () => {
      await cluster.apply(
        podManifest(
          'together',
          `
terminationGracePeriodSeconds: 1
restartPolicy: Never
initContainers:
- {name: first, image: "busybox:1.36", command: [sh, -c, "echo 1 > /work/order"], volumeMounts: [{name: work, mountPath: /work}]}
- {name: second, image: "busybox:1.36", command: [sh, -c, "echo 2 >> /work/order"], volumeMounts: [{name: work, mountPath: /work}]}
containers:
- {name: server, image: "busybox:1.36", command: [httpd, -f, -p, "8080", -h, /work], volumeMounts: [{name: work, mountPath: /work}]}
- name: client
  image: busybox:1.36
  command: [sh, -c, "until wget -qO- http://127.0.0.1:8080/order; do sleep 0.2; done; sleep 1000"]
volumes:
- {name: work, emptyDir: {}}`,
        ),
      );
      await eventually(
        'the client read the file',
        () => cluster.must(['logs', 'together', '-c', 'client']),
        (log) => log === '1\n2\n',
      );
      await cluster.must(['delete', 'pod', 'together', '--now']);
    });

    it('restart a killed container, with back-off when it keeps failing', async () => {
      await cluster.apply(podManifest('victim', shell('sleep infinity').replace('Never', 'Always')));
      await cluster.must(['wait', '--for=condition=Ready', 'pod/victim', '--timeout=60s']);
      await cluster.kubectl(['exec', 'victim', '--', 'sh', '-c', 'kill -TERM 1; kill -KILL -1']);
      await cluster.apply(podManifest('failing', shell('echo failing; exit 3').replace('Never', 'Always')));
      const failing = await eventually(
        'CrashLoopBackOff',
        () => pod('failing'),
        (it) => it.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
      );
      expect(failing.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(3);
      expect(await cluster.must(['logs', 'failing', '--previous'])).toBe('failing\n');
      await cluster.must(['delete', 'pod', 'failing', 'victim', '--now']);
    });

    it('are probed: a readiness probe gates Ready, a liveness probe restarts', async () => {
      await cluster.apply(
        podManifest(
          'probed',
          shell(
            'touch /tmp/live; sleep infinity',
            `readinessProbe: {exec: {command: [test, -e, /tmp/ready]}, periodSeconds: 1}
startupProbe: {exec: {command: [test, -e, /tmp/live]}, periodSeconds: 1}
livenessProbe: {exec: {command: [test, -e, /tmp/live]}, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1}`,
          ).replace('Never', 'Always'),
        ),
      );
      await eventually(
        'started but not ready',
        () => pod('probed'),
        (it) => {
          const status = it.status?.containerStatuses?.[0];
          return status?.started === true && status.ready === false;
        },
      );
      await cluster.must(['exec', 'probed', '--', 'touch', '/tmp/ready']);
      await cluster.must(['wait', '--for=condition=Ready', 'pod/probed', '--timeout=60s']);
      await cluster.must(['exec', 'probed', '--', 'rm', '/tmp/live']);
      await eventually(
        'a restart',
        () => pod('probed'),
        (it) => (it.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1,
      );
      expect(await cluster.must(['describe', 'pod', 'probed'])).toContain('Liveness probe failed');
      await cluster.must(['delete', 'pod', 'probed', '--now']);
    });

    it('are held to their limits', async () => {
      await cluster.apply(
        podManifest(
          'limited',
          shell(
            'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true',
            'resources: {limits: {memory: 48Mi, cpu: 100m}}',
          ),
        ),
      );
      expect(await ended('limited')).toContain(String(48 * 1024 * 1024));
      expect((await pod('limited')).status?.qosClass).toBe('Guaranteed');
    });

    it('say why they are not scheduled', async () => {
      await cluster.apply(podManifest('huge', shell('true', 'resources: {requests: {cpu: "1000"}}')));
      await eventually(
        'Unschedulable',
        () => pod('huge'),
        (it) =>
          it.status?.conditions?.some(
            (each) => each.reason === 'Unschedulable' && each.message?.includes('Insufficient cpu'),
          ) ?? false,
      );
      await cluster.must(['delete', 'pod', 'huge']);
    });
  });
}
