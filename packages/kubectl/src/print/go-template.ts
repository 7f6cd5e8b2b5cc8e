import { messageOf } from '@coracle/api/meta/message-of';
import { CommandFailure } from '../cli/failure.ts';
import { goSyntax } from './go-syntax.ts';
import { functions, printed, truth } from './go-template-functions.ts';
import { type Operand, type ParsedTemplate, type Pipeline, parse, type TemplateNode } from './go-template-parse.ts';

/** Parses a template of Go's text/template language, as -o go-template takes it. Throws CommandFailure. */
export function parseGoTemplate(source: string): ParsedTemplate {
  try {
    return parse(source);
  } catch (error) {
    throw new CommandFailure(`error parsing template ${source}, template: output:1: ${messageOf(error)}`);
  }
}

/** The text a template makes of an object. */
export function executeGoTemplate(
  template: ParsedTemplate,
  object: unknown,
  options: { allowMissing: boolean; source: string },
): string {
  const run = new Execution(template, options.allowMissing);
  try {
    run.nodes(template.nodes, object, [new Map([['$', object]])]);
  } catch (error) {
    if (!(error instanceof TemplateFailure)) throw error;
    throw new CommandFailure(
      `error executing template ${JSON.stringify(options.source)}: template: output:1: executing "output": ${error.message}\nraw data was: ${JSON.stringify(object)}\nobject given to template engine was:\n\t${goSyntax(object)}`,
    );
  }
  return run.text;
}

class TemplateFailure extends Error {}

/** Ends a loop or one turn of it. */
class LoopSignal extends Error {
  readonly kind: 'break' | 'continue';

  constructor(kind: 'break' | 'continue') {
    super(kind);
    this.kind = kind;
  }
}

/** Variables by name, innermost scope last. */
type Scopes = Map<string, unknown>[];

class Execution {
  text = '';
  readonly #template: ParsedTemplate;
  readonly #allowMissing: boolean;

  constructor(template: ParsedTemplate, allowMissing: boolean) {
    this.#template = template;
    this.#allowMissing = allowMissing;
  }

  nodes(nodes: readonly TemplateNode[], dot: unknown, scopes: Scopes): void {
    for (const node of nodes) this.#node(node, dot, scopes);
  }

  #node(node: TemplateNode, dot: unknown, scopes: Scopes): void {
    switch (node.is) {
      case 'text':
        this.text += node.text;
        return;
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot, scopes);
        if (node.pipeline.variables.length === 0) this.text += printed(value);
        return;
      }
      case 'if':
      case 'with': {
        const inner = [...scopes, new Map<string, unknown>()];
        const value = this.#pipeline(node.pipeline, dot, inner);
        if (truth(value)) this.nodes(node.body, node.is === 'with' ? value : dot, inner);
        else this.nodes(node.otherwise, dot, inner);
        return;
      }
      case 'range':
        this.#range(node, dot, scopes);
        return;
      case 'template': {
        const nodes = this.#template.defined.get(node.name);
        if (!nodes) throw new TemplateFailure(`template ${JSON.stringify(node.name)} not defined`);
        const value = node.pipeline ? this.#pipeline(node.pipeline, dot, scopes) : undefined;
        this.nodes(nodes, value, [new Map([['$', value]])]);
        return;
      }
      default:
        throw new LoopSignal(node.is);
    }
  }

  #range(node: Extract<TemplateNode, { is: 'if' | 'with' | 'range' }>, dot: unknown, scopes: Scopes): void {
    const { variables, ...plain } = node.pipeline;
    const value = this.#pipeline({ ...plain, variables: [] }, dot, scopes);
    const entries = entriesOf(value);
    if (entries.length === 0) this.nodes(node.otherwise, dot, scopes);
    for (const [key, each] of entries) {
      const scope = new Map<string, unknown>();
      if (variables.length === 1) scope.set(variables[0]!, each);
      if (variables.length === 2) scope.set(variables[0]!, key).set(variables[1]!, each);
      try {
        this.nodes(node.body, each, [...scopes, scope]);
      } catch (error) {
        if (!(error instanceof LoopSignal)) throw error;
        if (error.kind === 'break') return;
      }
    }
  }

  #pipeline(pipeline: Pipeline, dot: unknown, scopes: Scopes): unknown {
    let value: unknown;
    for (const [i, command] of pipeline.commands.entries())
      value = this.#command(command, dot, scopes, i > 0 ? [value] : []);
    for (const name of pipeline.variables) {
      const scope = pipeline.declares ? scopes.at(-1) : scopes.findLast((each) => each.has(name));
      if (!scope) throw new TemplateFailure(`undefined variable ${JSON.stringify(name)}`);
      scope.set(name, value);
    }
    return value;
  }

  #command(command: readonly Operand[], dot: unknown, scopes: Scopes, piped: unknown[]): unknown {
    const [first, ...rest] = command;
    if (first!.is !== 'function') {
      if (rest.length > 0 || piped.length > 0) throw new TemplateFailure("can't give argument to non-function");
      return this.#operand(first!, dot, scopes);
    }
    const { name } = first as { name: string };
    if (name === 'and' || name === 'or') return this.#shortCircuit(name, rest, dot, scopes, piped);
    if (!Object.hasOwn(functions, name)) throw new TemplateFailure(`function ${JSON.stringify(name)} not defined`);
    const values = [...rest.map((operand) => this.#operand(operand, dot, scopes)), ...piped];
    try {
      return functions[name]!(...values);
    } catch (error) {
      throw error instanceof TemplateFailure ? error : new TemplateFailure(messageOf(error));
    }
  }

  #shortCircuit(name: 'and' | 'or', rest: readonly Operand[], dot: unknown, scopes: Scopes, piped: unknown[]): unknown {
    let value: unknown;
    for (const operand of rest) {
      value = this.#operand(operand, dot, scopes);
      if (truth(value) === (name === 'or')) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  #operand(operand: Operand, dot: unknown, scopes: Scopes): unknown {
    switch (operand.is) {
      case 'literal':
        return operand.value;
      case 'dot':
        return dot;
      case 'field':
        return this.#fields(dot, operand.names);
      case 'variable': {
        const scope = scopes.findLast((each) => each.has(operand.name));
        if (!scope) throw new TemplateFailure(`undefined variable ${JSON.stringify(operand.name)}`);
        return this.#fields(scope.get(operand.name), operand.names);
      }
      case 'group':
        return this.#fields(this.#pipeline(operand.pipeline, dot, scopes), operand.names);
      default:
        return this.#command([operand], dot, scopes, []);
    }
  }

  #fields(value: unknown, names: readonly string[]): unknown {
    return names.reduce((current: unknown, name) => {
      if (current === undefined || current === null) {
        if (this.#allowMissing && current === undefined) return undefined;
        throw new TemplateFailure(`nil pointer evaluating interface {}.${name}`);
      }
      if (typeof current !== 'object' || Array.isArray(current)) {
        throw new TemplateFailure(
          `can't evaluate field ${name} in type ${Array.isArray(current) ? '[]interface {}' : typeof current}`,
        );
      }
      if (Object.hasOwn(current, name)) return (current as Record<string, unknown>)[name];
      if (!this.#allowMissing) throw new TemplateFailure(`map has no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }, value);
  }
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((each, i) => [i, each]);
  if (typeof value === 'number') return Array.from({ length: value }, (_, i) => [i, i]);
  if (typeof value === 'object') {
    return Object.keys(value)
      .sort()
      .map((key) => [key, (value as Record<string, unknown>)[key]]);
  }
  throw new TemplateFailure(`range can't iterate over ${String(value)}`);
}
