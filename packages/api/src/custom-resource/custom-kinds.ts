import { fieldSteps } from '../apiextensions/v1/version-validation.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../generated/apiextensions/v1.ts';
import { type AnyKind, allVerbs, type Kind, type KubeObject, type ScalePaths } from '../kind.ts';
import { append } from '../meta/append.ts';
import { messageOf } from '../meta/message-of.ts';
import { clone, getOwn } from '../meta/object.ts';
import { plainFailure } from '../meta/status.ts';
import { byStability } from '../meta/version-order.ts';
import { applySchema } from '../structural/apply-schema.ts';
import { dropNulls, fillDefaults } from '../structural/defaults.ts';
import { type StructuralNode, structuralNode } from '../structural/node.ts';
import { prune } from '../structural/prune.ts';
import { columnsOf } from './columns.ts';
import { finalizerWarnings, typedMetadata } from './metadata.ts';
import { type CompiledRules, resourceValidator } from './validation.ts';

/** The kinds of a definition. */
export interface CustomKinds {
  /** Those that are served, one a version. */
  readonly served: readonly AnyKind[];
  /** The one in whose form new objects are stored. */
  readonly storage: AnyKind;
}

/** What custom resources need of the server. */
export interface CustomSurroundings {
  /** Why no object may be created any more; undefined: it may. */
  closed(): string | undefined;
  /** Compiles the CEL rules of a schema; undefined: it has none. */
  rules(schema: JSONSchemaProps): CompiledRules | undefined;
  /** Asks the definition's webhook for objects in the form of a version. Only called with the strategy Webhook. */
  ask(objects: readonly KubeObject[], apiVersion: string): Promise<KubeObject[]>;
}

/** Where a custom resource's objects are in the store. */
export const storePrefix = (group: string, plural: string): string => `/registry/${group}/${plural}/`;

/**
 * Makes a kind of each version of a definition, under the names that were accepted: from then on they are kinds like the built-in ones.
 * Patterns must have been loaded.
 */
export function customKinds(crd: CustomResourceDefinition, surroundings: CustomSurroundings): CustomKinds {
  const versions = new Map<string, AnyKind>();
  const storage = () => versions.get(storageVersion.name)!;
  const storageVersion = crd.spec.versions.find((version) => version.storage)!;
  const served = () => crd.spec.versions.filter((version) => version.served).map(({ name }) => versions.get(name)!);
  for (const version of crd.spec.versions) {
    const family: Family = { crd, surroundings, storage, versionOf: (name) => versions.get(name) };
    versions.set(version.name, customKind(version, family));
  }
  return { served: served(), storage: storage() };
}

interface Family {
  readonly crd: CustomResourceDefinition;
  readonly surroundings: CustomSurroundings;
  storage(): AnyKind;
  versionOf(name: string): AnyKind | undefined;
}

const anything: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function customKind(version: CustomResourceDefinitionVersion, family: Family): AnyKind {
  const { spec, status } = family.crd;
  const { group } = spec;
  const names = status?.acceptedNames ?? spec.names;
  const props = version.schema?.openAPIV3Schema ?? anything;
  const node = structuralNode(props);
  const apiVersion = `${group}/${version.name}`;
  const type = `custom/${apiVersion}.${names.kind}`;
  const { status: hasStatus, scale } = version.subresources ?? {};
  const validator = resourceValidator(node, version.subresources, family.surroundings.rules(props));
  const asks = spec.conversion?.strategy === 'Webhook';
  const kind: Kind = {
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    group,
    version: version.name,
    apiVersion,
    verbs: allVerbs,
    type,
    subresources: {
      ...(hasStatus === undefined ? {} : { status: true }),
      ...(scale ? { scale: scalePaths(scale) } : {}),
    },
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    defaults: (it) => fillDefaults(it, node),
    validate: (it, _at, metadata) => validator.validate(it, metadata),
    warnings: finalizerWarnings,
    columns: columnsOf(version.additionalPrinterColumns),
    selectableFields: selectableFields(version),
    ...(version.storage
      ? {}
      : {
          storedAs: {
            kind: family.storage,
            encode: (it: KubeObject) => family.storage().dynamic!.convert(it),
            decode: (stored: KubeObject) => family.versionOf(version.name)!.dynamic!.convert(stored),
          },
        }),
    dynamic: {
      schema: applySchema(type, node),
      decode: (value, nulls) => decode(value as Record<string, unknown>, node, nulls),
      validateUpdate: validator.validateUpdate,
      openApi: props as Readonly<Record<string, unknown>>,
      deprecation: version.deprecated ? (version.deprecationWarning ?? deprecationOf(version, spec)) : undefined,
      prefix: storePrefix(group, names.plural),
      version: (wanted) =>
        wanted.startsWith(`${group}/`) ? family.versionOf(wanted.slice(group.length + 1)) : undefined,
      convert(object) {
        if (asks && object.apiVersion !== apiVersion)
          throw new Error(`bug: ${type} is converted without asking its webhook`);
        return converted(object, apiVersion, node);
      },
      convertMany: asks ? (objects) => convertedByWebhook(objects, apiVersion, node, family.surroundings) : undefined,
      closed: () => family.surroundings.closed(),
    },
  };
  return kind;
}

function decode(
  value: Record<string, unknown>,
  node: StructuralNode,
  nulls?: 'kept',
): { object: unknown; unknown: string[] } {
  const unknown: string[] = [];
  const odd: string[] = [];
  typedMetadata(value, node, odd);
  const pruned: string[] = [];
  prune(value, node, true, pruned);
  if (nulls !== 'kept') dropNulls(value, node);
  // Fields of the object's own metadata come first, those of resources in it last.
  const isOwn = (path: string) => path.startsWith('metadata.');
  append(unknown, odd.filter(isOwn).sort());
  append(unknown, pruned.sort());
  append(
    unknown,
    odd.filter((path) => !isOwn(path)),
  );
  return { object: value, unknown };
}

/** The strategy None: only the version changes, and what the other schema does not have goes. */
function converted(object: KubeObject, apiVersion: string, node: StructuralNode): KubeObject {
  if (object.apiVersion === apiVersion) return object;
  const out = clone(object);
  out.apiVersion = apiVersion;
  prune(out, node, true);
  dropNulls(out, node);
  return out;
}

/** What a webhook makes of objects is given the form of its version's schema, but for defaults. Those of the version are left as they are. */
async function convertedByWebhook(
  objects: readonly KubeObject[],
  apiVersion: string,
  node: StructuralNode,
  { ask }: CustomSurroundings,
): Promise<KubeObject[]> {
  const others = objects.filter((object) => object.apiVersion !== apiVersion);
  if (others.length === 0) return [...objects];
  const answers = (await ask(others, apiVersion)).values();
  return objects.map((object) => {
    if (object.apiVersion === apiVersion) return object;
    const made = answers.next().value! as unknown as Record<string, unknown>;
    try {
      return decode(made, node).object as KubeObject;
    } catch (error) {
      throw plainFailure(messageOf(error));
    }
  });
}

/** The warning of a deprecated version that has none of its own: it names the best version that is served, not deprecated, and at least as stable. */
function deprecationOf(
  { name }: CustomResourceDefinitionVersion,
  { group, names, versions }: CustomResourceDefinitionSpec,
): string {
  const better = versions
    .filter((each) => each.served && !each.deprecated && byStability(each.name, name) < 0)
    .map((each) => each.name)
    .sort(byStability)[0];
  const text = `${group}/${name} ${names.kind} is deprecated`;
  return better === undefined ? text : `${text}; use ${group}/${better} ${names.kind}`;
}

/** JSON paths without arrays, `.spec.replicas`, as dotted paths. */
function scalePaths(
  scale: NonNullable<NonNullable<CustomResourceDefinitionVersion['subresources']>['scale']>,
): ScalePaths {
  const plain = (path: string) => path.replace(/^\./, '');
  return {
    spec: plain(scale.specReplicasPath),
    status: plain(scale.statusReplicasPath),
    ...(scale.labelSelectorPath ? { selector: plain(scale.labelSelectorPath) } : {}),
  };
}

function selectableFields({
  selectableFields: fields,
}: CustomResourceDefinitionVersion): Record<string, (it: KubeObject) => string> {
  const found: Record<string, (it: KubeObject) => string> = {};
  for (const { jsonPath } of fields ?? []) {
    const steps = fieldSteps(jsonPath) ?? [];
    found[jsonPath.replace(/^\./, '')] = (it) => {
      let at: unknown = it;
      for (const step of steps) at = typeof at === 'object' && at !== null ? getOwn(at, step) : undefined;
      return at === undefined || at === null ? '' : String(at);
    };
  }
  return found;
}
