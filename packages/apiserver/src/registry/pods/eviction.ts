import { pod as podKind } from '@coracle/api/core/v1/pod';
import { setCondition } from '@coracle/api/meta/conditions';
import { badRequest, conflict } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { Eviction } from '@coracle/api/types/policy/v1';
import type { Subresource } from '../strategy.ts';

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/**
 * POST of `pods/eviction`: deletes a pod as its disruption budgets allow
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/). No budgets are served, so nothing holds it back.
 */
export const podEviction: Subresource = {
  methods: ['POST'],
  body: { group: 'policy', version: 'v1', kind: 'Eviction' },
  async handle(call) {
    const { name, namespace, objects } = call;
    const eviction = (await call.body<Eviction>('policy/v1.Eviction')) ?? { metadata: {} };
    eviction.metadata ??= {};
    if (eviction.metadata.name && eviction.metadata.name !== name) {
      throw badRequest('name in URL does not match name in Eviction object');
    }
    eviction.metadata.name = name;
    const { deleteOptions = {} } = await call.admit('CREATE', eviction);
    const dryRun = call.dryRun || (deleteOptions.dryRun?.length ?? 0) > 0;
    const { gracePeriodSeconds, propagationPolicy, preconditions } = deleteOptions;
    await objects.update(
      podKind,
      name,
      namespace,
      (pod) => {
        const { uid = '' } = pod.metadata;
        if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
          const why = `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`;
          throw conflict({ group: '', resource: 'pods' }, name, why);
        }
        pod.status ??= {};
        pod.status.conditions ??= [];
        setCondition(pod.status.conditions, {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'EvictionByEvictionAPI',
          message: 'Eviction API: evicting',
          lastTransitionTime: now(),
        });
        return pod;
      },
      { subresource: 'status', dryRun },
    );
    await objects.delete(podKind, name, namespace, {
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      ...(preconditions === undefined ? {} : { preconditions }),
      dryRun,
    });
    await call.respond(201, success);
  },
};
