import { age, column, text } from '../../columns.ts';
import type { ControllerRevision } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, invalid, required } from '../../meta/field-path.ts';
import { controllerOf } from '../../meta/owner.ts';

/** A snapshot of a workload's template that its controller may roll back to. */
export const controllerRevision = defineKind<ControllerRevision>('apps/v1', {
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  validate(it, at) {
    const errors: FieldError[] = it.data == null ? [required(at.child('data'), 'data is mandatory')] : [];
    if (it.revision < 0) errors.push(invalid(at.child('revision'), it.revision, 'must be greater than or equal to 0'));
    return errors;
  },
  immutable: ['data'],
  columns: [
    text(
      'Controller',
      (it) => {
        const owner = controllerOf(it);
        if (!owner) return '<none>';
        const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
        return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
      },
      'Who made it.',
    ),
    column('Revision', 'string', (it) => it.revision, 'Number of the revision.'),
    age,
  ],
});
