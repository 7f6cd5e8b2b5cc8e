import { text } from '../columns.ts';
import type { Column, KubeObject } from '../kind.ts';

/** How a class says that it is the one for those who name none: `true` in one of the annotations. */
export function isDefaultClass({ metadata }: KubeObject, annotations: readonly string[]): boolean {
  return annotations.some((annotation) => metadata.annotations?.[annotation] === 'true');
}

/**
 * The class for those who name none: of several that say they are it, the newest, and of those the first by name. Undefined where
 * none does.
 */
export function defaultClass<T extends KubeObject>(
  classes: readonly T[],
  annotations: readonly string[],
): T | undefined {
  const created = ({ metadata }: T) => Date.parse(metadata.creationTimestamp ?? '') || 0;
  return classes
    .filter((each) => isDefaultClass(each, annotations))
    .sort((a, b) => created(b) - created(a) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))[0];
}

/** A name column that marks the default class. */
export function classNameColumn(annotations: readonly string[]): Column<KubeObject> {
  return {
    ...text<KubeObject>(
      'Name',
      (it) => `${it.metadata.name ?? ''}${isDefaultClass(it, annotations) ? ' (default)' : ''}`,
      'Tells the class apart from others; the default one is marked.',
    ),
    format: 'name',
  };
}
