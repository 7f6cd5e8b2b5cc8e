import { containerColumns, shownSet, text } from '../../columns.ts';
import type { PodTemplate } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { required } from '../../meta/field-path.ts';
import { podTemplateDefaults } from './pod-defaults.ts';
import { validateTemplate } from './template-validation.ts';
import { templateWarnings } from './template-warnings.ts';

/** A template of pods that is kept by itself. */
export const podTemplate = defineKind<PodTemplate>('core/v1', {
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  hasGeneration: true,
  defaults(it) {
    it.template ??= { spec: { containers: [] } };
    podTemplateDefaults(it.template);
  },
  validate(it, at) {
    const path = at.child('template');
    return it.template ? validateTemplate(it.template, path) : [required(path)];
  },
  warnings: (it, old) => templateWarnings(it, old, it.template, 'template'),
  columns: [
    ...containerColumns<PodTemplate>((it) => it.template?.spec?.containers).map((each) => ({ ...each, priority: 0 })),
    text('Pod Labels', (it) => shownSet(it.template?.metadata?.labels), 'Labels its pods get.'),
  ],
});
