import type { KubeObject } from '@coracle/api/kind';

/** A resource the server serves, as discovery tells. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  /** `v1` or `apps/v1`. */
  readonly apiVersion: string;
  /** Plural, lower case. */
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
}

/** An object of any kind: its fields are known only to the server that serves it. */
export interface AnyObject extends KubeObject {
  apiVersion: string;
  kind: string;
  [field: string]: unknown;
}

/** `deployments.apps`, as messages name a resource. */
export const qualified = (resource: { name: string; group: string }): string =>
  resource.group === '' ? resource.name : `${resource.name}.${resource.group}`;

/** `deployment.apps/web`, as messages name an object. */
export const objectName = (resource: Pick<Resource, 'kind' | 'group'>, name: string): string =>
  `${resource.kind.toLowerCase()}${resource.group === '' ? '' : `.${resource.group}`}/${name}`;

/** The path of a collection (without `name`), an object or a subresource. */
export function pathOf(resource: Resource, namespace?: string, name?: string, subresource?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const within = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${within}/${resource.name}${name === undefined ? '' : `/${encodeURIComponent(name)}`}${subresource ? `/${subresource}` : ''}`;
}
