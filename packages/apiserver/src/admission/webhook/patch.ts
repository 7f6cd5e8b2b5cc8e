import { decodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { deepEqual } from '@coracle/api/meta/object';
import { applyJsonPatch } from '@coracle/api/patch/json-patch';
import type { Forms } from './forms.ts';
import type { Verdict } from './review.ts';

/** What a webhook's patch makes of the object; undefined: it sent none. Throws when the patch does not fit the object. */
export async function applyPatch(
  name: string,
  { patch }: Verdict,
  forms: Forms,
): Promise<{ object: KubeObject; changed: boolean } | undefined> {
  if (patch === '') return undefined;
  const operations = decodeJson(patch).value;
  if (Array.isArray(operations) && operations.length === 0) return undefined;
  if (!forms.object) {
    throw new Error(
      `admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`,
    );
  }
  const patched = applyJsonPatch(forms.object, operations);
  const changed = !deepEqual(patched, forms.object);
  return { object: await forms.restore(patched), changed };
}
