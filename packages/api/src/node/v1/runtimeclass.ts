import { age, text } from '../../columns.ts';
import { validateTolerations } from '../../core/v1/affinity-validation.ts';
import { labelWarnings } from '../../core/v1/node-labels.ts';
import { validateResources } from '../../core/v1/resources-validation.ts';
import type { Toleration } from '../../generated/core/v1.ts';
import type { RuntimeClass } from '../../generated/node/v1.ts';
import { defineKind } from '../../kind.ts';
import { duplicate, type FieldError, malformed, type Path } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { validateLabels } from '../../meta/validate-selector.ts';

/** A way to run containers, by the name that container runtimes configure it under. */
export const runtimeClass = defineKind<RuntimeClass>('node/v1', {
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  allowUnconditionalUpdate: false,
  validate: (it, at) => [
    ...malformed(at.child('handler'), it.handler ?? '', isDns1123Label),
    ...(it.overhead ? validateResources({ limits: it.overhead.podFixed }, at.child('overhead')) : []),
    ...validateLabels(it.scheduling?.nodeSelector, at.child('scheduling.nodeSelector')),
    ...validateTolerations(it.scheduling?.tolerations, at.child('scheduling.tolerations')),
    ...validateUnique(it.scheduling?.tolerations ?? [], at.child('scheduling.tolerations')),
  ],
  warnings: (it) =>
    Object.keys(it.scheduling?.nodeSelector ?? {})
      .sort()
      .flatMap((label) => labelWarnings(label, 'scheduling.nodeSelector: ')),
  immutable: ['handler'],
  columns: [text('Handler', (it) => it.handler, 'Name of the configuration in the container runtime.'), age],
});

function validateUnique(tolerations: readonly Toleration[], at: Path): FieldError[] {
  const seen = new Set<string>();
  return tolerations.flatMap((toleration, i) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const same = JSON.stringify([key, operator, value, effect]);
    if (seen.has(same)) return [duplicate(at.index(i), goForm('core/v1.Toleration', toleration))];
    seen.add(same);
    return [];
  });
}
