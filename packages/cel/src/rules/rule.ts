import { Path } from '@coracle/api/meta/field-path';
import type { Type } from '../check/type.ts';
import { compile, type Expression } from '../compile.ts';
import { type DeclaredType, plainType } from '../schema/declared-type.ts';
import type { StructuralSchema, ValidationRule } from '../schema/structural.ts';
import { CompileError } from '../syntax/issue.ts';

/** A rule, compiled; `failure` and `messageFailure` say why it, or its messageExpression, could not be. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly expression?: Expression;
  readonly failure?: string;
  readonly message?: Expression;
  readonly messageFailure?: string;
  /** Where errors are reported, below the value: `spec.size`, `labels[a]`. */
  readonly fieldPath?: string;
  readonly fieldPathFailure?: string;
  readonly usesOldSelf: boolean;
}

/** Compiles the rule of a schema whose data is of the declared type. An empty rule has neither expression nor failure. */
export function compileRule(rule: ValidationRule, self: DeclaredType, schema: StructuralSchema): CompiledRule {
  const oldSelf: DeclaredType = rule.optionalOldSelf ? plainType({ is: 'optional', of: self.type }) : self;
  const environment = { variables: { self, oldSelf } };
  const attempt = (source: string | undefined, wanted: Type['is']): [Expression?, string?] => {
    if (!source?.trim()) return [];
    try {
      const expression = compile(source, environment);
      return expression.result.is === wanted ? [expression] : [undefined, wrongType[wanted]];
    } catch (error) {
      if (error instanceof CompileError) return [undefined, `compilation failed: ${error.message}`];
      throw error;
    }
  };
  const [expression, failure] = attempt(rule.rule, 'bool');
  const [message, messageFailure] = attempt(rule.messageExpression, 'string');
  const usesOldSelf = (expression?.variables.has('oldSelf') || message?.variables.has('oldSelf')) ?? false;
  return {
    rule,
    expression,
    failure,
    message,
    messageFailure: messageFailure && `messageExpression ${messageFailure}`,
    usesOldSelf,
    ...resolveFieldPath(rule.fieldPath, schema),
  };
}

const wrongType: Partial<Record<Type['is'], string>> = {
  bool: 'cel expression must evaluate to a bool',
  string: 'must evaluate to a string',
};

/** Reads `.spec.x['a-b']` against the schema: the path as errors show it, or why it is none. */
function resolveFieldPath(
  source: string | undefined,
  schema: StructuralSchema,
): Pick<CompiledRule, 'fieldPath' | 'fieldPathFailure'> {
  if (!source?.trim()) return {};
  let at = new Path();
  let here: StructuralSchema | undefined = schema;
  let rest = source;
  while (rest !== '') {
    const [all, plain, quoted] = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\])/.exec(rest) ?? [];
    if (all === undefined) return { fieldPathFailure: `expected [ or . but got: ${rest}` };
    const name = plain ?? quoted!.replace(/\\(.)/g, '$1');
    if (here?.properties) {
      here = Object.hasOwn(here.properties, name) ? here.properties[name] : undefined;
      at = at.child(name);
    } else if (typeof here?.additionalProperties === 'object') {
      here = here.additionalProperties;
      at = at.key(name);
    } else {
      here = undefined;
    }
    if (!here) return { fieldPathFailure: 'does not refer to a valid field' };
    rest = rest.slice(all.length);
  }
  return { fieldPath: at.toString() };
}
