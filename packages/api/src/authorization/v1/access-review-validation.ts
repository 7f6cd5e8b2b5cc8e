import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReviewSpec,
} from '../../generated/authorization/v1.ts';
import type { ObjectMeta } from '../../generated/meta/v1.ts';
import { type FieldError, invalid, Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { validateFieldRequirement, validateLabelRequirement } from '../../meta/validate-selector.ts';

const specPath = new Path('spec');

/** Errors of what an access review asks about. */
export function validateQuestion(spec: SelfSubjectAccessReviewSpec | undefined): FieldError[] {
  return [...attributeProblems(spec), ...selectorProblems(spec?.resourceAttributes)];
}

/** Errors of what an access review asks about, and of whom. */
export function validateQuestionOfSubject(spec: SubjectAccessReviewSpec | undefined): FieldError[] {
  const errors = attributeProblems(spec);
  if (!spec?.user && !spec?.groups?.length) {
    errors.push(invalid(specPath.child('user'), '', 'at least one of user or group must be specified'));
  }
  return [...errors, ...selectorProblems(spec?.resourceAttributes)];
}

/** Errors of the metadata of a review, which has none but what is `allowed` and whose its fields are: `detail` says so. */
export function validateNoMetadata(
  metadata: ObjectMeta | undefined,
  detail: string,
  allowed: readonly (keyof ObjectMeta)[] = [],
): FieldError[] {
  const said = Object.keys(metadata ?? {}) as (keyof ObjectMeta)[];
  const isEmpty = said.every((field) => field === 'managedFields' || allowed.includes(field));
  return isEmpty ? [] : [invalid(new Path('metadata'), metadata, detail)];
}

/** The error of a path that must not be asked about. */
export const pathProblem = (asked: NonResourceAttributes, detail: string): FieldError =>
  invalid(specPath.child('nonResourceAttributes'), goForm('authorization/v1.NonResourceAttributes', asked), detail);

function attributeProblems(spec: SelfSubjectAccessReviewSpec | undefined): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec ?? {};
  if (resourceAttributes && nonResourceAttributes) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    return [pathProblem(nonResourceAttributes, detail)];
  }
  if (resourceAttributes || nonResourceAttributes) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid(specPath.child('resourceAttributes'), undefined, detail)];
}

function selectorProblems({ fieldSelector, labelSelector }: ResourceAttributes = {}): FieldError[] {
  const at = specPath.child('resourceAttributes');
  const fields = at.child('fieldSelector');
  const labels = at.child('labelSelector');
  return [
    ...formProblems(fieldSelector, fields),
    ...(fieldSelector?.requirements ?? []).flatMap((each, i) =>
      validateFieldRequirement(each, fields.child('requirements').index(i)),
    ),
    ...formProblems(labelSelector, labels),
    ...(labelSelector?.requirements ?? []).flatMap((each, i) =>
      validateLabelRequirement(each, labels.child('requirements').index(i), { withUnknown: true }),
    ),
  ];
}

/** A selector is text or requirements. */
function formProblems(selector: FieldSelectorAttributes | LabelSelectorAttributes | undefined, at: Path): FieldError[] {
  if (!selector) return [];
  const { rawSelector = '', requirements = [] } = selector;
  if (rawSelector !== '' && requirements.length > 0) {
    return [invalid(at.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements')];
  }
  if (rawSelector !== '' || requirements.length > 0) return [];
  return [required(at.child('requirements'), `when ${at} is specified, requirements or rawSelector is required`)];
}
