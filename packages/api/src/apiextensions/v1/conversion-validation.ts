import { validateWebhookPlace } from '../../admissionregistration/v1/client-config-validation.ts';
import type { CustomResourceConversion, CustomResourceDefinition } from '../../generated/apiextensions/v1.ts';
import { append } from '../../meta/append.ts';
import { caBundleProblem } from '../../meta/ca-bundle.ts';
import { type FieldError, forbidden, invalid, type Path, required } from '../../meta/field-path.ts';
import { isDns1035Label } from '../../meta/names.ts';
import { repeats } from '../../meta/repeats.ts';
import { oneOfStrings } from './unsorted-values.ts';

/** Versions of ConversionReview that this server speaks. */
export const reviewVersions = ['v1', 'v1beta1'] as const;

const notForNone = 'should not be set when strategy is not set to Webhook';

/**
 * Errors of how a definition's versions are converted, under the names upstream's internal form has. `authorities`: whether those of the webhook have
 * to be in order.
 */
export function validateConversion(
  conversion: CustomResourceConversion | undefined,
  at: Path,
  authorities: boolean,
): FieldError[] {
  if (!conversion) return [];
  const errors = oneOfStrings(conversion.strategy, ['None', 'Webhook'], at.child('strategy'));
  const config = conversion.webhook?.clientConfig;
  const versions = conversion.webhook?.conversionReviewVersions ?? [];
  const configAt = at.child('webhookClientConfig');
  if (conversion.strategy !== 'Webhook') {
    if (config) errors.push(forbidden(configAt, notForNone));
    if (versions.length > 0) errors.push(forbidden(at.child('conversionReviewVersions'), notForNone));
    return errors;
  }
  if (!config) errors.push(required(configAt, 'required when strategy is set to Webhook'));
  else {
    append(errors, validateWebhookPlace(config, configAt));
    const problem = authorities ? caBundleProblem(config.caBundle) : undefined;
    if (problem !== undefined) errors.push(invalid(configAt.child('caBundle'), config.caBundle, problem));
  }
  return [...errors, ...validateReviewVersions(versions, at.child('conversionReviewVersions'))];
}

function validateReviewVersions(versions: readonly string[], at: Path): FieldError[] {
  if (versions.length === 0) return [required(at)];
  const errors: FieldError[] = [];
  const repeated = repeats(versions);
  for (const [i, version] of versions.entries()) {
    if (repeated.has(i)) errors.push(invalid(at.index(i), version, 'duplicate version'));
    else for (const problem of isDns1035Label(version)) errors.push(invalid(at.index(i), version, problem));
  }
  if (!reviewVersions.some((known) => versions.includes(known))) {
    errors.push(invalid(at, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  }
  return errors;
}

/** Whether the authorities of a definition's conversion webhook are in order. */
export function hasGoodAuthorities({ spec }: CustomResourceDefinition): boolean {
  return caBundleProblem(spec.conversion?.webhook?.clientConfig?.caBundle) === undefined;
}
