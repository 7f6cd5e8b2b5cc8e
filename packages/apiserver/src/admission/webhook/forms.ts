import { encodeJson } from '@coracle/api/codec/json';
import { decodeKindObject, type ObjectForm } from '@coracle/api/codec/kind-object';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { getPath, setPath } from '@coracle/api/meta/object';
import { plainFailure } from '@coracle/api/meta/status';
import { typeNamed } from '@coracle/api/schema';
import type { Scheme } from '@coracle/api/scheme';
import { objectWithKind, otherKind, otherResource } from '../../endpoints/decoding.ts';
import { scaleOf } from '../../endpoints/scale.ts';
import { inFormOf, toStored } from '../../storage/encoding.ts';
import type { Attributes } from '../plugin.ts';

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A request's objects in the form in which a webhook is asked about them. */
export interface Forms {
  /** The kind of the request's own object, and of the one the webhook sees. */
  readonly requestKind: GroupVersionKind;
  readonly kind: GroupVersionKind;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly object: object | undefined;
  readonly oldObject: object | undefined;
  /**
   * Makes the request's object of one in this form, with what a decode and the defaults do to it. Throws where what it says it is, one of `kinds`,
   * cannot become the request's object.
   */
  restore(changed: object, kinds: Scheme): KubeObject | Promise<KubeObject>;
}

/** `kind` is the one a webhook matched; see `matchedKind`. */
export async function formsOf(attributes: Attributes, kind: AnyKind): Promise<Forms> {
  const resource = { group: kind.group, version: kind.version, resource: kind.plural };
  if (attributes.operation === 'CONNECT') return { ...connectForms(attributes), resource };
  if (attributes.subresource === 'scale' && attributes.kind.subresources?.scale) {
    return { ...scaleForms(attributes), resource };
  }
  const { objectKind, object, oldObject } = attributes;
  const requestKind = describe(objectKind);
  const isOwn = objectKind.kind === attributes.kind.kind && objectKind.apiVersion === attributes.kind.apiVersion;
  if (!isOwn || kind === attributes.kind) {
    return {
      requestKind,
      kind: requestKind,
      resource,
      object,
      oldObject,
      restore: (changed, kinds) =>
        isOwn ? restored(changed, kind, kind, kinds) : decoded(changed, { type: typeOf(objectKind) }),
    };
  }
  const to = async (it: KubeObject | undefined) => it && inFormOf(kind, await toStored(attributes.kind, it));
  return {
    requestKind,
    kind: describe(kind),
    resource,
    object: await to(object),
    oldObject: await to(oldObject),
    restore: (changed, kinds) => restored(changed, kind, attributes.kind, kinds),
  };
}

/** An object of `wanted`, of what a webhook made of one of `shown`: mostly that again, perhaps another version of it. */
async function restored(changed: object, shown: AnyKind, wanted: AnyKind, kinds: Scheme): Promise<KubeObject> {
  const said = saidKind(changed, shown, kinds);
  const object = decoded(changed, said);
  return said === wanted ? object : inFormOf(wanted, await toStored(said, object));
}

/** What an object that was of `shown` says it is, of a kind that can become `shown` again. Throws where it says it is anything else. */
function saidKind(changed: object, shown: AnyKind, kinds: Scheme): AnyKind {
  const refuse = (problem: string) => new Error(problem);
  const object = objectWithKind(changed, shown, refuse, () => encodeJson(changed));
  const { apiVersion = '', kind = '' } = object;
  if (apiVersion === shown.apiVersion && kind === shown.kind) return shown;
  const said = kinds.kind(apiVersion, kind);
  if (shown.dynamic && said?.plural !== shown.plural) throw otherResource(object, shown);
  const problem = () => otherKind(apiVersion, kind, shown, kinds);
  if (!said) throw new Error(problem());
  if (said.group === shown.group && said.kind === shown.kind) return said;
  throw plainFailure(problem());
}

/** A CONNECT carries its options as its object, once they are changed also here. */
function connectForms({ objectKind, options, object: changed }: Attributes): Omit<Forms, 'resource'> {
  const requestKind = describe(objectKind);
  const { kind, apiVersion } = objectKind;
  const restore = (it: object) => ({
    ...decodeKindObject<KubeObject>(it, { type: typeOf(objectKind) }).object,
    kind,
    apiVersion,
  });
  const object = changed ?? { kind, apiVersion, ...options };
  return { requestKind, kind: requestKind, object, oldObject: undefined, restore };
}

/** A change of an object's scale is shown as the Scale that the client wrote. */
function scaleForms({ kind, object, oldObject }: Attributes): Omit<Forms, 'resource'> {
  const paths = kind.subresources!.scale!;
  const requestKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return {
    requestKind,
    kind: requestKind,
    object: object && scaleOf(object, paths),
    oldObject: oldObject && scaleOf(oldObject, paths),
    restore(changed) {
      const scale = decoded(changed, { type: 'autoscaling/v1.Scale' });
      const restored = structuredClone(object!);
      setPath(restored, paths.spec, (getPath(scale, 'spec.replicas') as number | undefined) ?? 0);
      return restored;
    },
  };
}

function decoded(changed: object, form: ObjectForm & Pick<AnyKind, 'defaults'>): KubeObject {
  const { object } = decodeKindObject<KubeObject>(changed, form);
  object.metadata ??= {};
  form.defaults?.(object);
  return object;
}

function describe({ apiVersion, kind }: { apiVersion: string; kind: string }): GroupVersionKind {
  const slash = apiVersion.indexOf('/');
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind };
}

/** The generated type of what is no kind of a resource: a subresource's body, the options of a CONNECT. */
const typeOf = ({ apiVersion, kind }: { apiVersion: string; kind: string }): string => typeNamed(apiVersion, kind)!;
