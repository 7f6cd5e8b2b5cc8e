export { compile, type Environment, type Expression, ResultTypeError } from './compile.ts';
export { CostLimitError, EvaluationError } from './evaluate/failure.ts';
export type { Activation, Outcome } from './evaluate/program.ts';
export { checkSchemaRules } from './rules/check-rules.ts';
export { compileSchemaRules, type RuleOutcome, type SchemaRules } from './rules/schema-rules.ts';
export { type DeclaredType, dynamic } from './schema/declared-type.ts';
export { CompileError } from './syntax/issue.ts';
export type { Value } from './values.ts';
