import { age, count } from '../../columns.ts';
import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import type { CSINode, CSINodeDriver } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { duplicate, type FieldError, invalid, malformed, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';

const maxNodeIdBytes = 256;

/** The drivers of CSI volumes that a node has. Its name is the node's. */
export const csiNode = defineKind<CSINode>('storage/v1', {
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  allowUnconditionalUpdate: false,
  hasGeneration: false,
  defaults(it) {
    it.spec ??= { drivers: [] };
    it.spec.drivers ??= [];
  },
  validate: ({ spec }, at) => validateDrivers(spec.drivers, at.child('spec.drivers')),
  validateUpdate({ spec: { drivers } }, { spec: { drivers: old } }, at) {
    // How many volumes a node takes may change, what its drivers are may not (KEP-4876).
    const fixed = ({ allocatable: _, ...driver }: CSINodeDriver) => driver;
    const named = Map.groupBy(drivers, ({ name }) => name);
    return old.flatMap((before) =>
      (named.get(before.name) ?? [])
        .filter((driver) => !deepEqual(fixed(driver), fixed(before)))
        .map((driver) => {
          const shown = goForm('storage/v1.CSINodeDriver', fixed(driver));
          return invalid(at.child('spec.drivers'), shown, 'field is immutable');
        }),
    );
  },
  columns: [count('Drivers', (it) => it.spec.drivers?.length, 'How many drivers the node has.'), age],
});

function validateDrivers(drivers: readonly CSINodeDriver[], at: Path): FieldError[] {
  const names = new Set<string>();
  return drivers.flatMap(({ name = '', nodeID = '', allocatable, topologyKeys = [] }, i) => {
    const path = at.index(i);
    const errors = validateCsiDriverName(name, path.child('name'));
    if (nodeID === '') errors.push(required(path.child('nodeID')));
    if (Buffer.byteLength(nodeID) > maxNodeIdBytes)
      errors.push(invalid(path.child('nodeID'), nodeID, `must be ${maxNodeIdBytes} characters or less`));
    const limit = allocatable?.count ?? 0;
    if (limit < 0) errors.push(invalid(path.child('allocatable.count'), limit, 'must be greater than or equal to 0'));
    if (names.has(name)) errors.push(duplicate(path.child('name'), name));
    names.add(name);
    for (const [j, key] of topologyKeys.entries()) {
      if (key === '') errors.push(required(path));
      if (topologyKeys.indexOf(key) < j) errors.push(duplicate(path, key));
      append(errors, malformed(path, key, isQualifiedName));
    }
    return errors;
  });
}
