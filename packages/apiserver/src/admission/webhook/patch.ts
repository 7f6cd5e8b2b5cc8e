import { decodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { deepEqual } from '@coracle/api/meta/object';
import { serviceUnavailable } from '@coracle/api/meta/status';
import { applyJsonPatch } from '@coracle/api/patch/json-patch';
import type { Scheme } from '@coracle/api/scheme';
import { CallFailure } from './call.ts';
import type { Forms } from './forms.ts';
import type { Verdict } from './review.ts';

/**
 * What a webhook's patch makes of the object; undefined: it sent none. Throws when the patch does not fit the object, and CallFailure where it is no
 * patch at all.
 */
export async function applyPatch(
  name: string,
  { patch }: Verdict,
  forms: Forms,
  kinds: Scheme,
): Promise<{ object: KubeObject; changed: boolean } | undefined> {
  if (patch === '') return undefined;
  const operations = operationsIn(name, patch);
  if (operations.length === 0) return undefined;
  if (!forms.object) {
    throw new Error(
      `admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`,
    );
  }
  const patched = applyJsonPatch(forms.object, operations);
  const changed = !deepEqual(patched, forms.object);
  return { object: await forms.restore(patched, kinds), changed };
}

function operationsIn(name: string, patch: string): unknown[] {
  let why: string;
  try {
    const { value } = decodeJson(patch);
    if (Array.isArray(value)) return value;
    why = `json: cannot unmarshal ${typeof value} into Go value of type jsonpatch.Patch`;
  } catch (error) {
    why = (error as Error).message;
  }
  const status = serviceUnavailable('error decoding patch in webhook response');
  throw new CallFailure(name, `received undecodable patch in webhook response: ${why}`, status);
}
