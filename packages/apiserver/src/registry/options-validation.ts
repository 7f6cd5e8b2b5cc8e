import { append } from '@coracle/api/meta/append';
import { type FieldError, invalid, notSupported, Path } from '@coracle/api/meta/field-path';
import { invalidObject } from '@coracle/api/meta/status';
import type { DeleteOptions } from '@coracle/api/types/meta/v1';

/** Errors of dryRun directives: `All` is the only one there is. */
export function dryRunErrors(dryRun: readonly string[], at: Path): FieldError[] {
  return dryRun.some((each) => each !== 'All') ? [notSupported(at.child('dryRun'), dryRun, ['All'])] : [];
}

/** Throws Invalid where DeleteOptions contradict themselves or ask for what there is not. */
export function checkDeleteOptions(options: DeleteOptions): void {
  const at = new Path();
  const errors: FieldError[] = [];
  const { propagationPolicy: policy, orphanDependents } = options;
  if (orphanDependents !== undefined && policy !== undefined) {
    errors.push(
      invalid(at.child('propagationPolicy'), policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    errors.push(notSupported(at.child('propagationPolicy'), policy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  append(errors, dryRunErrors(options.dryRun ?? [], at));
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
}
