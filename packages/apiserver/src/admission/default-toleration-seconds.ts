import type { Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { isPodWrite } from './refusal.ts';

/**
 * DefaultTolerationSeconds: pods that say nothing about it stay on a node that is not ready or cannot be reached for this many
 * seconds (`--default-not-ready-toleration-seconds`, `--default-unreachable-toleration-seconds`).
 */
export function defaultTolerationSeconds(seconds = { notReady: 300, unreachable: 300 }): AdmissionPlugin {
  const wanted = [
    { key: 'node.kubernetes.io/not-ready', tolerationSeconds: seconds.notReady },
    { key: 'node.kubernetes.io/unreachable', tolerationSeconds: seconds.unreachable },
  ];
  return {
    name: 'DefaultTolerationSeconds',
    mutate(attributes) {
      if (!isPodWrite(attributes, 'CREATE', 'UPDATE')) return;
      const { spec } = attributes.object as Pod;
      const given = spec.tolerations ?? [];
      const missing = wanted.filter(
        ({ key }) =>
          !given.some((each) => (!each.key || each.key === key) && (!each.effect || each.effect === 'NoExecute')),
      );
      if (missing.length === 0) return;
      const added = missing.map((each) => ({ ...each, operator: 'Exists', effect: 'NoExecute' }));
      spec.tolerations = [...given, ...added];
    },
  };
}
