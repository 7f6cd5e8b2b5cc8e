import { age, text } from '../../columns.ts';
import { validateTolerations } from '../../core/v1/affinity-validation.ts';
import { validateResources } from '../../core/v1/resources-validation.ts';
import type { RuntimeClass } from '../../generated/node/v1.ts';
import { defineKind } from '../../kind.ts';
import { malformed } from '../../meta/field-path.ts';
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
  ],
  immutable: ['handler'],
  columns: [text('Handler', (it) => it.handler, 'Name of the configuration in the container runtime.'), age],
});
