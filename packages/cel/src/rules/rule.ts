import { readFieldPath } from '@coracle/api/structural/field-path-text';
import type { Type } from '../check/type.ts';
import { compile, type Expression, InstantiationError } from '../compile.ts';
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
  /** Whether the rule itself asks what the value was: what its message says does not count. */
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
      if (error instanceof InstantiationError) return [undefined, `program instantiation failed: ${error.message}`];
      if (error instanceof CompileError) return [undefined, `compilation failed: ${error.message}`];
      throw error;
    }
  };
  const [expression, failure] = attempt(rule.rule, 'bool');
  const [message, messageFailure] = attempt(rule.messageExpression, 'string');
  const usesOldSelf = expression?.variables.has('oldSelf') ?? false;
  return {
    rule,
    expression,
    failure,
    message,
    messageFailure: messageFailure && `messageExpression ${messageFailure}`,
    usesOldSelf,
    fieldPath: resolveFieldPath(rule.fieldPath, schema),
  };
}

const wrongType: Partial<Record<Type['is'], string>> = {
  bool: 'cel expression must evaluate to a bool',
  string: 'must evaluate to a string',
};

/** The place below the value where errors are reported, as they show it; a path that leads nowhere was refused with the definition. */
function resolveFieldPath(source: string | undefined, schema: StructuralSchema): string | undefined {
  if (!source?.trim()) return undefined;
  const found = readFieldPath(source, schema);
  return 'problem' in found ? undefined : found.path.toString();
}
