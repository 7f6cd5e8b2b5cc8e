import type { AnyKind } from '@coracle/api/kind';
import type { Scheme } from '@coracle/api/scheme';
import type {
  ExpressionWarning,
  MatchResources,
  ValidatingAdmissionPolicy,
} from '@coracle/api/types/admissionregistration/v1';
import type { DeclaredType } from '@coracle/cel';
import { declareBuiltIn } from '@coracle/cel/schema/field-table';
import { declareStructural } from '@coracle/cel/schema/structural';
import { PolicyScope } from './scope.ts';

/** A policy may be about many kinds; so many of them are looked at. */
const maxKinds = 10;

/**
 * What is wrong with a policy's expressions when they meet objects of the kinds it is about, and parameters of its paramKind: fields that
 * are not there, operators on values of the wrong type. Only kinds that rules name without wildcards are looked at.
 */
export function typeWarnings({ spec }: ValidatingAdmissionPolicy, scheme: Scheme): ExpressionWarning[] {
  const kinds = kindsOf(spec.matchConstraints, scheme).slice(0, maxKinds);
  const { apiVersion = '', kind = '' } = spec.paramKind ?? {};
  const params = scheme.kind(apiVersion, kind);
  const scopes = kinds.flatMap((each) => {
    const object = declared(each);
    return object
      ? [{ kind: each, scope: new PolicyScope(spec, { object, paramsType: params && declared(params) }) }]
      : [];
  });
  const check = (fieldRef: string, source: string | undefined): ExpressionWarning[] => {
    if (!source?.trim()) return [];
    const found = scopes.flatMap(({ kind: of, scope }) => {
      const issues = scope.issuesOf(source);
      return issues === undefined ? [] : [`${of.group}/${of.version}, Kind=${of.kind}: ${issues}`];
    });
    return found.length === 0 ? [] : [{ fieldRef, warning: found.join('\n') }];
  };
  return [
    ...(spec.variables ?? []).flatMap(({ expression }, i) => check(`spec.variables[${i}].expression`, expression)),
    ...(spec.validations ?? []).flatMap(({ expression, messageExpression }, i) => [
      ...check(`spec.validations[${i}].expression`, expression),
      ...check(`spec.validations[${i}].messageExpression`, messageExpression),
    ]),
  ];
}

function kindsOf({ resourceRules = [] }: MatchResources = {}, scheme: Scheme): AnyKind[] {
  const found = new Set<AnyKind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of resourceRules) {
    for (const group of apiGroups) {
      for (const version of apiVersions) {
        for (const resource of resources) {
          const kind = scheme.resource(group === '' ? version : `${group}/${version}`, resource);
          if (kind) found.add(kind);
        }
      }
    }
  }
  return [...found];
}

/** A kind's type as expressions see it; undefined where its schema says nothing. */
function declared(kind: AnyKind): DeclaredType | undefined {
  return kind.dynamic ? declareStructural(kind.dynamic.openApi, true, kind.kind) : declareBuiltIn(kind.type);
}
