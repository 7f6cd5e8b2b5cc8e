import { text } from '../../columns.ts';
import { labelWarnings } from '../../core/v1/node-labels.ts';
import { validateAmount } from '../../core/v1/storage-amount.ts';
import type { CSIStorageCapacity } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, malformed, type Path } from '../../meta/field-path.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';

/** How much storage a driver has left for a class, in a part of the cluster. */
export const csiStorageCapacity = defineKind<CSIStorageCapacity>('storage/v1', {
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  namespaced: true,
  allowUnconditionalUpdate: false,
  validate,
  immutable: ['nodeTopology', 'storageClassName'],
  warnings: ({ nodeTopology: { matchExpressions = [], matchLabels = {} } = {} }) => [
    ...matchExpressions.flatMap(({ key }, i) =>
      labelWarnings(key, `nodeTopology.matchExpressions[${i}].key: ${key} is `),
    ),
    ...Object.keys(matchLabels)
      .sort()
      .flatMap((key) => labelWarnings(key, `nodeTopology.matchLabels.${key}: `)),
  ],
  columns: [
    text('StorageClassName', (it) => it.storageClassName, 'The class it is about.'),
    text('Capacity', (it) => it.capacity ?? '<unset>', 'How much is left.'),
  ],
});

function validate({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity, at: Path): FieldError[] {
  return [
    ...validateLabelSelector(nodeTopology, at.child('nodeTopology')),
    ...malformed(at.child('storageClassName'), storageClassName ?? '', isDns1123Subdomain),
    ...(capacity === undefined ? [] : validateAmount(capacity, at.child('capacity'))),
  ];
}
