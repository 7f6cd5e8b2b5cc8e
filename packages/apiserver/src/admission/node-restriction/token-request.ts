import { persistentVolume } from '@coracle/api/core/v1/persistentvolume';
import { persistentVolumeClaim } from '@coracle/api/core/v1/persistentvolumeclaim';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { notFoundError } from '@coracle/api/meta/status';
import { csiDriver } from '@coracle/api/storage/v1/csidriver';
import type { TokenRequest } from '@coracle/api/types/authentication/v1';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import type { Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';

/**
 * A node gets tokens only for pods that run on it, bound to them, and for the audiences the pods ask for, or that it was granted
 * (gate ServiceAccountNodeAudienceRestriction).
 */
export async function admitTokenRequest(attributes: Attributes, node: string, authorizer: Authorizer): Promise<void> {
  if (attributes.operation !== 'CREATE' || attributes.subresource !== 'token') return;
  const { spec } = attributes.object as unknown as TokenRequest;
  const ref = spec.boundObjectRef;
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) {
    throw refused(attributes, 'node requested token not bound to a pod');
  }
  if (!ref.uid) throw refused(attributes, 'node requested token with a pod binding without a uid');
  const { objects, namespace } = attributes;
  const cached = objects.cached(podKind, ref.name, namespace);
  const pod = cached?.metadata.uid === ref.uid ? cached : await objects.get(podKind, ref.name, namespace);
  if (!pod) throw notFoundError({ group: '', resource: 'pods' }, ref.name);
  if (pod.metadata.uid !== ref.uid) {
    throw refused(
      attributes,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec.nodeName !== node) {
    throw refused(attributes, 'node requested token bound to a pod scheduled on a different node');
  }
  const audiences = spec.audiences ?? [];
  if (audiences.length > 1) throw refused(attributes, 'node may only request 0 or 1 audiences');
  const wanted = audiences[0] ?? '';
  if (audiencesIn(pod).includes(wanted) || audiencesOfDrivers(pod, attributes).includes(wanted)) return;
  const { user, name } = attributes;
  const question = { group: '', version: 'v1', resource: wanted, subresource: '', namespace, name };
  const answer = await authorizer.authorize({ user, verb: 'request-serviceaccounts-token-audience', ...question });
  if (answer.decision === 'allow') return;
  throw refused(
    attributes,
    `audience ${JSON.stringify(wanted)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`,
  );
}

/** The audiences of the tokens that a pod mounts. */
function audiencesIn({ spec }: Pod): string[] {
  return (spec.volumes ?? [])
    .flatMap((volume) => volume.projected?.sources ?? [])
    .flatMap(({ serviceAccountToken }) => (serviceAccountToken ? [serviceAccountToken.audience ?? ''] : []));
}

/** The audiences of the tokens that the drivers of a pod's CSI volumes want, as their CSIDrivers say. */
function audiencesOfDrivers(pod: Pod, { objects }: Attributes): string[] {
  const { name = '', namespace = '' } = pod.metadata;
  const ofClaim = (claim: string): string | undefined => {
    const volume = objects.cached(persistentVolumeClaim, claim, namespace)?.spec.volumeName;
    return volume ? objects.cached(persistentVolume, volume)?.spec.csi?.driver : undefined;
  };
  const drivers = (pod.spec.volumes ?? []).map((volume) => {
    if (volume.csi) return volume.csi.driver;
    if (volume.persistentVolumeClaim) return ofClaim(volume.persistentVolumeClaim.claimName);
    return volume.ephemeral ? ofClaim(`${name}-${volume.name}`) : undefined;
  });
  return drivers
    .flatMap((driver) => (driver ? (objects.cached(csiDriver, driver)?.spec.tokenRequests ?? []) : []))
    .map(({ audience = '' }) => audience);
}
