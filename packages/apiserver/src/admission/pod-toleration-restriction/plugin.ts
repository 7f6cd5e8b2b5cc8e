import { goValueMismatch, jsonKind } from '@coracle/api/codec/decode-error';
import { decodeJson } from '@coracle/api/codec/json';
import { decodeObject } from '@coracle/api/codec/strict';
import { qosClass } from '@coracle/api/core/v1/qos';
import { messageOf } from '@coracle/api/meta/message-of';
import { plainFailure } from '@coracle/api/meta/status';
import { objectSchemaOf } from '@coracle/api/schema';
import type { Pod, Toleration } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin, Attributes } from '../plugin.ts';
import { namespaceOf } from '../policy/namespace.ts';
import { isPodWrite } from '../refusal.ts';
import { mergeTolerations, Tolerations } from '../tolerations.ts';

const toleration = objectSchemaOf('core/v1.Toleration');
const prefix = 'scheduler.alpha.kubernetes.io/';
const memoryPressure = { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' };

/** What holds in namespaces that are not annotated. */
export interface TolerationRestriction {
  /** Given to every new pod. */
  readonly defaults: readonly Toleration[];
  /** All that pods may tolerate; empty: anything. */
  readonly allowed: readonly Toleration[];
}

/**
 * PodTolerationRestriction: pods get the tolerations of their namespace, and may have no others than it allows
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podtolerationrestriction).
 */
export function podTolerationRestriction(
  cluster: TolerationRestriction = { defaults: [], allowed: [] },
): AdmissionPlugin {
  async function check(attributes: Attributes): Promise<void> {
    const { tolerations = [] } = (attributes.object as Pod).spec;
    if (tolerations.length === 0) return;
    const ofNamespace = await annotated(attributes, 'tolerationsWhitelist');
    const allowed = ofNamespace ?? cluster.allowed;
    if (allowed.length === 0) return;
    const wide = new Tolerations(allowed);
    if (tolerations.every((each) => wide.cover(each))) return;
    const whose = ofNamespace ? 'namespace' : 'cluster';
    throw plainFailure(
      `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${whose} whitelist`,
    );
  }

  return {
    name: 'PodTolerationRestriction',
    async mutate(attributes) {
      if (!isPodWrite(attributes, 'CREATE', 'UPDATE')) return;
      const { spec } = attributes.object as Pod;
      let tolerations: Toleration[] = spec.tolerations ?? [];
      if (attributes.operation === 'CREATE') {
        const added = (await annotated(attributes, 'defaultTolerations')) ?? cluster.defaults;
        if (added.length > 0) tolerations = mergeTolerations(added, tolerations);
      }
      if (qosClass(spec) !== 'BestEffort') tolerations = mergeTolerations(tolerations, [memoryPressure]);
      if (tolerations.length > 0) spec.tolerations = tolerations;
      await check(attributes);
    },
    async validate(attributes) {
      if (isPodWrite(attributes, 'CREATE', 'UPDATE')) await check(attributes);
    },
  };
}

/** The tolerations in an annotation of the request's namespace; undefined: it has none. */
async function annotated(attributes: Attributes, name: string): Promise<readonly Toleration[] | undefined> {
  const text = (await namespaceOf(attributes))?.metadata.annotations?.[`${prefix}${name}`];
  if (!text) return text === undefined ? undefined : [];
  try {
    const { value } = decodeJson(text);
    if (value === null) return [];
    if (Array.isArray(value)) return value.map((each) => decodeObject<Toleration>(each, toleration).object);
    throw goValueMismatch(jsonKind(value), '[]v1.Toleration');
  } catch (error) {
    throw plainFailure(messageOf(error));
  }
}
