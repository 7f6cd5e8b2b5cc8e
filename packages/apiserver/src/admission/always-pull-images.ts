import { type FieldError, notSupported, Path } from '@coracle/api/meta/field-path';
import { aggregate, plainFailure } from '@coracle/api/meta/status';
import type { Container, EphemeralContainer, Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isPodWrite, refused } from './refusal.ts';

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/**
 * AlwaysPullImages: nodes ask the registry for every image, with the pod's credentials, so that nobody gets an image that another one had pulled
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#alwayspullimages).
 */
export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  mutate(attributes) {
    const pod = podWithNewImages(attributes);
    if (!pod) return;
    for (const list of lists) for (const container of pod.spec[list] ?? []) container.imagePullPolicy = 'Always';
    for (const { image } of pod.spec.volumes ?? []) if (image) image.pullPolicy = 'Always';
  },
  validate(attributes) {
    const pod = podWithNewImages(attributes);
    if (!pod) return;
    const at = new Path('spec');
    const check = (policy: string | undefined, path: Path): FieldError[] =>
      policy === 'Always' ? [] : [notSupported(path, policy ?? '', ['Always'])];
    const errors = [
      ...lists.flatMap((list) =>
        (pod.spec[list] ?? []).flatMap(({ imagePullPolicy }, i) =>
          check(imagePullPolicy, at.child(list).index(i).child('imagePullPolicy')),
        ),
      ),
      ...(pod.spec.volumes ?? []).flatMap(({ image }, i) =>
        image ? check(image.pullPolicy, at.child('volumes').index(i).child('image.pullPolicy')) : [],
      ),
    ];
    if (errors.length === 0) return;
    // As upstream: several refusals together are an error that is none of the API's.
    throw plainFailure(
      aggregate(errors.map(({ field, message }) => refused(attributes, `${field}: ${message}`).message)),
    );
  },
};

/** The pod of a write that brings images which it did not have. */
function podWithNewImages(attributes: Attributes): Pod | undefined {
  if (!isPodWrite(attributes, 'CREATE', 'UPDATE')) return undefined;
  const pod = attributes.object as Pod;
  if (attributes.operation === 'CREATE') return pod;
  const had = imagesOf(attributes.oldObject as Pod);
  return [...imagesOf(pod)].some((image) => !had.has(image)) ? pod : undefined;
}

function imagesOf({ spec }: Pod): Set<string> {
  const containers: (Container | EphemeralContainer)[] = lists.flatMap((list) => spec[list] ?? []);
  return new Set(containers.map(({ image = '' }) => image));
}
