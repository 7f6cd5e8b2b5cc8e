import { createdAt } from '../../columns.ts';
import type { CustomResourceDefinition } from '../../generated/apiextensions/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateDefinitionUpdate, validateNewDefinition, validateStatus } from './definition-validation.ts';
import { typedSchemas } from './typed-schemas.ts';

/** A kind of objects that users declare, and that the server then serves. */
export const customResourceDefinition = defineKind<CustomResourceDefinition>('apiextensions/v1', {
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  subresources: { status: true },
  refine: typedSchemas,
  defaults(it) {
    it.status = statusOf(it);
    if (!it.spec) return;
    const { names, conversion } = it.spec;
    if (names) {
      if (names.kind) {
        names.singular ||= names.kind.toLowerCase();
        names.listKind ||= `${names.kind}List`;
      }
    }
    for (const version of it.spec.versions ?? []) {
      version.served ??= false;
      version.storage ??= false;
    }
    it.spec.conversion ??= { strategy: 'None' };
    if (
      conversion?.webhook &&
      !conversion.webhook.clientConfig &&
      !conversion.webhook.conversionReviewVersions?.length
    ) {
      // The internal form has what a webhook consists of, and no webhook of nothing.
      delete conversion.webhook;
    }
    const service = conversion?.webhook?.clientConfig?.service;
    if (service) service.port ??= 443;
  },
  prepareForCreate(it) {
    it.status = withStorageVersion(it);
  },
  prepareForUpdate(it) {
    it.status = withStorageVersion(it);
  },
  validateCreate: validateNewDefinition,
  validateUpdate: validateDefinitionUpdate,
  validateStatusUpdate: (it, _old, at) => validateStatus(it, at),
  columns: [createdAt],
});

/** The name of the version that is stored, empty where it has none; undefined: no version is. */
function storedName(spec: CustomResourceDefinition['spec'] | undefined): string | undefined {
  const stored = spec?.versions?.find((version) => version.storage);
  return stored && (stored.name ?? '');
}

/** What a status has at least: names, of which none may be accepted yet, and a version that was stored. */
function statusOf({ spec, status }: CustomResourceDefinition): NonNullable<CustomResourceDefinition['status']> {
  const { acceptedNames, storedVersions = [] } = status ?? {};
  const stored = storedName(spec);
  return {
    ...status,
    acceptedNames: { ...acceptedNames, plural: acceptedNames?.plural ?? '', kind: acceptedNames?.kind ?? '' },
    storedVersions: storedVersions.length === 0 && stored !== undefined ? [stored] : storedVersions,
  };
}

/** The status in which the version that is stored from now on is among those that have been stored. */
function withStorageVersion({
  spec,
  status,
}: CustomResourceDefinition): NonNullable<CustomResourceDefinition['status']> {
  const whole = statusOf({ spec, status } as CustomResourceDefinition);
  const stored = whole.storedVersions ?? [];
  const now = storedName(spec);
  return { ...whole, storedVersions: now === undefined || stored.includes(now) ? stored : [...stored, now] };
}
