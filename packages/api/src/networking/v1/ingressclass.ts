import { age, text } from '../../columns.ts';
import type { IngressClass, IngressClassParametersReference, IngressClassSpec } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
  tooLong,
} from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain, isPathSegmentName } from '../../meta/names.ts';
import { validateDomainPrefixedPath } from '../../meta/validate-path.ts';

/** `true` in this annotation makes a class the one that Ingresses without a class get. */
export const defaultIngressClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';

const maxControllerBytes = 250;
const scopes = ['Cluster', 'Namespace'];

/** Which controller carries out the Ingresses that name it. */
export const ingressClass = defineKind<IngressClass>('networking/v1', {
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  defaults(it) {
    it.spec ??= {};
    if (it.spec.parameters) it.spec.parameters.scope ??= 'Cluster';
  },
  validateCreate: ({ spec }, at) => validateSpec(spec, at.child('spec')),
  validateUpdate({ spec }, old, root) {
    const at = root.child('spec');
    const { controller = '' } = spec;
    const errors =
      controller === old.spec.controller ? [] : [invalid(at.child('controller'), controller, 'field is immutable')];
    return [...errors, ...validateSpec(spec, at)];
  },
  columns: [
    text('Controller', (it) => it.spec.controller, 'Controller that carries out its ingresses.'),
    text('Parameters', shownParameters, 'Object with more settings for the controller.'),
    age,
  ],
});

function validateSpec({ controller, parameters }: IngressClassSpec, at: Path): FieldError[] {
  return [
    ...validateController(controller ?? '', at.child('controller')),
    ...validateParameters(parameters, at.child('parameters')),
  ];
}

function validateController(controller: string, at: Path): FieldError[] {
  if (controller === '') return [required(at)];
  return [
    ...(Buffer.byteLength(controller) > maxControllerBytes ? [tooLong(at, maxControllerBytes)] : []),
    ...validateDomainPrefixedPath(controller, at),
  ];
}

function validateParameters(parameters: IngressClassParametersReference | undefined, at: Path): FieldError[] {
  if (!parameters) return [];
  const { apiGroup, namespace, scope = '' } = parameters;
  const errors = apiGroup === undefined ? [] : malformed(at.child('apiGroup'), apiGroup, isDns1123Subdomain);
  for (const field of ['kind', 'name'] as const) {
    const value = parameters[field];
    append(errors, value ? malformed(at.child(field), value, isPathSegmentName) : [required(at.child(field))]);
  }
  const path = at.child('namespace');
  if (!scopes.includes(scope)) errors.push(notSupported(at.child('scope'), scope, scopes));
  else if (scope === 'Cluster' && namespace !== undefined)
    errors.push(forbidden(path, "`parameters.scope` is set to 'Cluster'"));
  else if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(path, "`parameters.scope` is set to 'Namespace'"));
    else append(errors, malformed(path, namespace, isDns1123Label));
  }
  return errors;
}

/** `Settings.example.com/external`. */
function shownParameters({ spec: { parameters } }: IngressClass): string {
  if (!parameters) return '<none>';
  const group = parameters.apiGroup === undefined ? '' : `.${parameters.apiGroup}`;
  return `${parameters.kind}${group}/${parameters.name}`;
}
