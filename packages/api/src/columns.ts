import type { Container } from './generated/core/v1.ts';
import type { LabelSelector } from './generated/meta/v1.ts';
import type { Column, KubeObject } from './kind.ts';
import { selectorFrom, selectorFromSet } from './meta/labels.ts';
import { humanDuration, parseTime } from './meta/time.ts';

type Cell = string | number | boolean | null;

/** A text column. Empty text shows as given; callers pass `<none>` where upstream prints it. */
export function text<T>(name: string, value: (it: T, now: number) => string | undefined, description = ''): Column<T> {
  return column(name, 'string', (it, now) => value(it, now) ?? '', description);
}

/** A whole-number column; an unset number shows as 0. */
export function count<T>(name: string, value: (it: T) => number | undefined, description = ''): Column<T> {
  return column(name, 'integer', (it) => value(it) ?? 0, description);
}

/** A column of any cell type. */
export function column<T>(
  name: string,
  type: Column<T>['type'],
  value: (it: T, now: number) => Cell,
  description = '',
): Column<T> {
  return { name, type, description, priority: 0, value };
}

/** A column of text that holds a whole number all the same, as many of upstream's do; an unset number shows as 0. */
export function countAsText<T>(name: string, value: (it: T) => number | undefined, description = ''): Column<T> {
  return column(name, 'string', (it) => value(it) ?? 0, description);
}

/** The same column, of names. */
export function named<T>(it: Column<T>): Column<T> {
  return { ...it, format: 'name' };
}

/** The same column, said to be of dates: what is shown of them is text all the same. */
export function dated<T>(it: Column<T>): Column<T> {
  return { ...it, type: 'date' };
}

/** The same column, shown only with `-o wide`. */
export function wide<T>(it: Column<T>): Column<T> {
  return { ...it, priority: 1 };
}

/** Time since creation, in kubectl's short form. */
export const age: Column<KubeObject> = text(
  'Age',
  (it, now) => since(it.metadata.creationTimestamp, now),
  'Time since creation.',
);

/** When it was created: what tables of kinds without columns of their own show. */
export const createdAt: Column<KubeObject> = column(
  'Created At',
  'date',
  (it) => it.metadata.creationTimestamp ?? null,
  'When it was created.',
);

/** Time since a timestamp, in kubectl's short form; `<unknown>` where it is unset. */
export function since(time: string | null | undefined, now: number): string {
  return time ? humanDuration(now - parseTime(time)) : '<unknown>';
}

/** A label selector in string form, `<none>` where empty. */
export function shownSelector(selector: LabelSelector | undefined): string {
  const shown = selector ? selectorFrom(selector).toString() : '';
  return shown === '' ? '<none>' : shown;
}

/** A plain label map as a selector in string form, `<none>` where empty. */
export function shownSet(set: Record<string, string> | undefined): string {
  return set && Object.keys(set).length > 0 ? selectorFromSet(set).toString() : '<none>';
}

/** The Containers and Images columns of workloads. */
export function containerColumns<T>(containers: (it: T) => readonly Container[] | undefined): Column<T>[] {
  return [
    wide(
      text(
        'Containers',
        (it) =>
          containers(it)
            ?.map((each) => each.name)
            .join(','),
        'Names of each container in the template.',
      ),
    ),
    wide(
      text(
        'Images',
        (it) =>
          containers(it)
            ?.map((each) => each.image ?? '')
            .join(','),
        'Images referenced by each container in the template.',
      ),
    ),
  ];
}
