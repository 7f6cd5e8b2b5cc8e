import { messageOf } from '@coracle/api/meta/message-of';
import { forbiddenError, plainFailure } from '@coracle/api/meta/status';
import type { Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin, Attributes } from '../plugin.ts';
import { namespaceOf } from '../policy/namespace.ts';
import { isPodWrite } from '../refusal.ts';
import { type NodeSelector, parseNodeSelector } from './selector.ts';

const annotation = 'scheduler.alpha.kubernetes.io/node-selector';
const clusterDefault = 'clusterDefaultNodeSelector';

/**
 * PodNodeSelector: pods go to the nodes of their namespace
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podnodeselector). `configured` says by namespace what pods may
 * select at all, and under `clusterDefaultNodeSelector` what is added in namespaces that are not annotated.
 */
export function podNodeSelector(configured: ReadonlyMap<string, NodeSelector> = new Map()): AdmissionPlugin {
  async function selectorOf(attributes: Attributes): Promise<NodeSelector> {
    const text = (await namespaceOf(attributes))?.metadata.annotations?.[annotation];
    if (text === undefined) return configured.get(clusterDefault) ?? {};
    try {
      return parseNodeSelector(text);
    } catch (error) {
      throw plainFailure(messageOf(error));
    }
  }

  /** What the pod's namespace wants. Throws where the pod wants otherwise. */
  async function wantedFor(attributes: Attributes): Promise<NodeSelector> {
    const own = (attributes.object as Pod).spec.nodeSelector ?? {};
    const wanted = await selectorOf(attributes);
    if (Object.entries(wanted).every(([key, value]) => own[key] === undefined || own[key] === value)) return wanted;
    throw conflicts(attributes, 'pod node label selector conflicts with its namespace node label selector');
  }

  function checkAllowed(attributes: Attributes): void {
    const allowed = configured.get(attributes.namespace) ?? {};
    if (Object.keys(allowed).length === 0) return;
    const own = Object.entries((attributes.object as Pod).spec.nodeSelector ?? {});
    if (own.every(([key, value]) => allowed[key] === value)) return;
    throw conflicts(attributes, 'pod node label selector labels conflict with its namespace whitelist');
  }

  return {
    name: 'PodNodeSelector',
    async mutate(attributes) {
      if (!isPodWrite(attributes, 'CREATE')) return;
      const { spec } = attributes.object as Pod;
      const selector = { ...(await wantedFor(attributes)), ...spec.nodeSelector };
      if (Object.keys(selector).length > 0) spec.nodeSelector = selector;
      checkAllowed(attributes);
    },
    async validate(attributes) {
      if (!isPodWrite(attributes, 'CREATE')) return;
      await wantedFor(attributes);
      checkAllowed(attributes);
    },
  };
}

function conflicts({ object }: Attributes, why: string) {
  return forbiddenError({ group: '', resource: 'pods' }, object?.metadata.name ?? '', why);
}
