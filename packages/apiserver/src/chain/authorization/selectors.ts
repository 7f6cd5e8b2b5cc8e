import { parseFieldSelector } from '@coracle/api/meta/field-selector';
import { labelOperator, parseSelector, Requirement } from '@coracle/api/meta/labels';
import type { FieldSelectorAttributes, LabelSelectorAttributes } from '@coracle/api/types/authorization/v1';
import type { FieldRequirement, ResourceAttributes } from './authorizer.ts';

/** What a question to authorizers is narrowed to; absent: nothing. */
export type Narrowed = Pick<ResourceAttributes, 'fieldSelector' | 'labelSelector'>;

/** Selectors as they are written. One that cannot be read narrows nothing, which allows no more (KEP-4601). */
export function narrowedTo(written: { readonly fieldSelector?: string; readonly labelSelector?: string }): Narrowed {
  const { fieldSelector = '', labelSelector = '' } = written;
  return narrowed(
    fieldSelector === '' ? [] : readable(() => parseFieldSelector(fieldSelector).requirements),
    labelSelector === '' ? [] : readable(() => parseSelector(labelSelector).requirements),
  );
}

/** Selectors as an access review has them: as text, or as requirements. What cannot be read narrows nothing, and is told of. */
export function narrowedBy(review: {
  readonly fieldSelector?: FieldSelectorAttributes;
  readonly labelSelector?: LabelSelectorAttributes;
}): { readonly narrowed: Narrowed; readonly problems: string[] } {
  const { fieldSelector: fields, labelSelector: labels } = review;
  const raw = narrowedTo({
    ...(fields?.rawSelector ? { fieldSelector: fields.rawSelector } : {}),
    ...(labels?.rawSelector ? { labelSelector: labels.rawSelector } : {}),
  });
  const problems: string[] = [];
  const read = <T>(
    name: string,
    given: FieldSelectorAttributes | LabelSelectorAttributes | undefined,
    parsed: readonly T[] | undefined,
    taken: readonly T[],
  ): readonly T[] => {
    const isRaw = Boolean(given?.rawSelector);
    const found = isRaw ? (parsed ?? []) : taken;
    const isWhole = isRaw ? found.length > 0 : found.length === (given?.requirements ?? []).length;
    const how = found.length > 0 ? 'partially ignored' : 'ignored';
    if (!isWhole) problems.push(`spec.resourceAttributes.${name} ${how} due to parse error`);
    return found;
  };
  const ofFields = (fields?.requirements ?? []).flatMap(fieldRequirement);
  const ofLabels = (labels?.requirements ?? []).flatMap(labelRequirement);
  return {
    narrowed: narrowed(
      read('fieldSelector', fields, raw.fieldSelector, ofFields),
      read('labelSelector', labels, raw.labelSelector, ofLabels),
    ),
    problems,
  };
}

/** The selectors of a question as a SubjectAccessReview carries them. */
export function reviewed({ fieldSelector = [], labelSelector = [] }: Narrowed): {
  fieldSelector?: FieldSelectorAttributes;
  labelSelector?: LabelSelectorAttributes;
} {
  const labels = labelSelector.flatMap(({ key, operator, values }) => {
    const name = reviewOperators[operator];
    if (name === undefined) return [];
    return [{ key, operator: name, ...(values.length > 0 ? { values: [...values].sort() } : {}) }];
  });
  return {
    ...(fieldSelector.length > 0
      ? {
          fieldSelector: {
            requirements: fieldSelector.map(({ field, operator, value }) => ({
              key: field,
              operator: operator === '=' ? 'In' : 'NotIn',
              values: [value],
            })),
          },
        }
      : {}),
    ...(labels.length > 0 ? { labelSelector: { requirements: labels } } : {}),
  };
}

/** What reviews call the operators of labels; those they have no name for narrow nothing there. */
const reviewOperators: Readonly<Record<string, string>> = {
  in: 'In',
  '=': 'In',
  '==': 'In',
  notin: 'NotIn',
  '!=': 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

interface ReviewRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

function fieldRequirement({ key, operator, values = [] }: ReviewRequirement): FieldRequirement[] {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0) return [];
  if (operator === 'In') return [{ field: key, operator: '=', value }];
  return operator === 'NotIn' ? [{ field: key, operator: '!=', value }] : [];
}

function labelRequirement({ key, operator, values = [] }: ReviewRequirement): Requirement[] {
  const known = labelOperator(operator);
  if (known === undefined) return [];
  const wantsValues = known === 'in' || known === 'notin';
  return wantsValues === values.length > 0 ? [new Requirement(key, known, values)] : [];
}

function narrowed(fields: readonly FieldRequirement[], labels: readonly Requirement[]): Narrowed {
  return {
    ...(fields.length > 0 ? { fieldSelector: fields } : {}),
    ...(labels.length > 0 ? { labelSelector: labels } : {}),
  };
}

function readable<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return []; // whoever gets the selector itself refuses it with what is wrong
  }
}
