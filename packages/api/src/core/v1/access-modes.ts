import { type FieldError, forbidden, notSupported, type Path } from '../../meta/field-path.ts';

const modes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

const short: readonly [mode: string, short: string][] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** The access modes of volumes and claims in short: `RWO,RWX`. */
export function shownAccessModes(given: readonly string[] | undefined): string {
  return short
    .filter(([mode]) => given?.includes(mode))
    .map(([, text]) => text)
    .join(',');
}

/** Errors of access modes: unknown ones, and others beside the one for a single pod. */
export function validateAccessModes(given: readonly string[], at: Path): FieldError[] {
  const errors = given.filter((mode) => !modes.includes(mode)).map((mode) => notSupported(at, mode, modes));
  const others = given.some((mode) => modes.includes(mode) && mode !== 'ReadWriteOncePod');
  if (given.includes('ReadWriteOncePod') && others)
    errors.push(forbidden(at, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}
