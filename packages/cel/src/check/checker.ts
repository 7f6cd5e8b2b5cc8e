import type { Library, Overload } from '../functions/overload.ts';
import type { Call, Comprehension, Expr } from '../syntax/ast.ts';
import { CompileError, type Issue } from '../syntax/issue.ts';
import { formatType, listOf, mapOf, readType, type Type, typeOf, types } from './type.ts';
import { Unifier } from './unifier.ts';

/** What an expression can name. */
export interface Declarations {
  readonly variables: ReadonlyMap<string, Type>;
  readonly functions: Library;
  /** Types that `Type{…}` can make. */
  readonly types?: (name: string) => Type | undefined;
}

/** An expression with what the checker found out about it. */
export interface Checked {
  readonly source: string;
  readonly expr: Expr;
  readonly result: Type;
  readonly types: ReadonlyMap<Expr, Type>;
  /** The overloads a call may mean: more than one only where an argument is dyn. */
  readonly overloads: ReadonlyMap<Expr, readonly Overload[]>;
  /** Calls whose target is no value but a namespace (`optional.of(x)`), with the whole name. */
  readonly functions: ReadonlyMap<Expr, string>;
  /** Variables with dots in their names (`authorizer.requestResource`), where they stand. */
  readonly qualified: ReadonlyMap<Expr, string>;
  /** Identifiers that name types. */
  readonly typeNames: ReadonlyMap<Expr, Type>;
  /** The variables of the environment that are used. */
  readonly variables: ReadonlySet<string>;
}

const typeIdentifiers: ReadonlyMap<string, Type> = new Map(
  [
    ['bool', 'bool'],
    ['int', 'int'],
    ['uint', 'uint'],
    ['double', 'double'],
    ['string', 'string'],
    ['bytes', 'bytes'],
    ['null_type', 'null'],
    ['list', 'list(dyn)'],
    ['map', 'map(dyn, dyn)'],
    ['type', 'type(dyn)'],
    ['google.protobuf.Timestamp', 'timestamp'],
    ['google.protobuf.Duration', 'duration'],
    ['optional_type', 'optional(dyn)'],
    ['net.IP', 'net.IP'],
    ['net.CIDR', 'net.CIDR'],
    ['kubernetes.Quantity', 'kubernetes.Quantity'],
    ['kubernetes.Semver', 'kubernetes.Semver'],
    ['kubernetes.URL', 'kubernetes.URL'],
    ['kubernetes.NamedFormat', 'kubernetes.NamedFormat'],
  ].map(([name, type]) => [name!, readType(type!)]),
);

/** Checks an expression against the declarations; throws CompileError with all faults found. */
export function check(source: string, expr: Expr, declarations: Declarations): Checked {
  const checker = new Checker(declarations);
  const result = checker.check(expr);
  if (checker.issues.length > 0) throw new CompileError(source, checker.issues);
  return { source, expr, ...checker.found(result) };
}

class Checker {
  readonly issues: Issue[] = [];
  readonly #declarations: Declarations;
  readonly #unifier = new Unifier();
  readonly #types = new Map<Expr, Type>();
  readonly #overloads = new Map<Expr, readonly Overload[]>();
  readonly #functions = new Map<Expr, string>();
  readonly #qualified = new Map<Expr, string>();
  readonly #typeNames = new Map<Expr, Type>();
  readonly #used = new Set<string>();
  readonly #locals: [string, Type][] = [];

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  found(result: Type): Omit<Checked, 'source' | 'expr'> {
    const resolved = new Map([...this.#types].map(([expr, type]) => [expr, this.#unifier.resolve(type, true)]));
    return {
      result: this.#unifier.resolve(result, true),
      types: resolved,
      overloads: this.#overloads,
      functions: this.#functions,
      qualified: this.#qualified,
      typeNames: this.#typeNames,
      variables: this.#used,
    };
  }

  check(expr: Expr): Type {
    const type = this.#check(expr);
    this.#types.set(expr, type);
    return type;
  }

  #report(at: number, message: string): Type {
    this.issues.push({ at, message });
    return types.dyn;
  }

  #check(expr: Expr): Type {
    switch (expr.is) {
      case 'literal':
        return typeOf(expr.value);
      case 'ident':
        return (
          this.#name(expr, expr.name) ??
          this.#report(expr.at, `undeclared reference to '${expr.name}' (in container '')`)
        );
      case 'select': {
        const qualified = expr.test ? undefined : dotted(expr);
        if (qualified !== undefined) {
          const variable = this.#isLocal(qualified) ? undefined : this.#declarations.variables.get(qualified);
          if (variable) this.#qualified.set(expr, qualified);
          const named = variable || !this.#isVariable(qualified) ? this.#name(expr, qualified) : undefined;
          if (named) return named;
        }
        const operand = this.#unifier.resolve(this.check(expr.operand));
        const field = this.#field(operand, expr.field, expr.at, false);
        return expr.test ? types.bool : field;
      }
      case 'call':
        return this.#call(expr);
      case 'list': {
        let item: Type | undefined;
        expr.items.forEach((each, i) => {
          const type = this.#element(each, expr.optional.has(i));
          item = this.#join(item, type);
        });
        return listOf(item ?? this.#unifier.fresh());
      }
      case 'map': {
        let key: Type | undefined;
        let value: Type | undefined;
        for (const entry of expr.entries) {
          key = this.#join(key, this.check(entry.key));
          value = this.#join(value, this.#element(entry.value, entry.optional));
        }
        return mapOf(key ?? this.#unifier.fresh(), value ?? this.#unifier.fresh());
      }
      case 'struct': {
        const type = this.#declarations.types?.(expr.type);
        if (type?.is !== 'object') {
          for (const { value } of expr.fields) this.check(value);
          return this.#report(expr.at, `undeclared reference to '${expr.type}' (in container '')`);
        }
        for (const { key, value, optional, at } of expr.fields) {
          const given = this.#element(value, optional);
          const wanted = type.fields.get(key);
          if (!wanted) this.#report(at, `undefined field '${key}'`);
          else if (!this.#unifier.assignable([given], [wanted])) {
            this.#report(
              at,
              `expected type of field '${key}' is '${formatType(wanted)}' but provided type is '${this.#show(given)}'`,
            );
          }
        }
        return type;
      }
      case 'comprehension':
        return this.#comprehension(expr);
    }
  }

  #isVariable(qualified: string): boolean {
    const [root = ''] = qualified.split('.');
    return this.#isLocal(qualified) || this.#declarations.variables.has(root);
  }

  #isLocal(qualified: string): boolean {
    const [root = ''] = qualified.split('.');
    return this.#locals.some(([name]) => name === root);
  }

  #name(expr: Expr, name: string): Type | undefined {
    const local = this.#locals.findLast(([each]) => each === name);
    if (local) return local[1];
    const variable = this.#declarations.variables.get(name);
    if (variable) {
      this.#used.add(name);
      return variable;
    }
    const type = typeIdentifiers.get(name) ?? this.#declarations.types?.(name);
    if (!type) return undefined;
    this.#typeNames.set(expr, type);
    return { is: 'type', of: type };
  }

  #field(operand: Type, field: string, at: number, optional: boolean): Type {
    switch (operand.is) {
      case 'dyn':
        return types.dyn;
      case 'param':
        return types.dyn;
      case 'map':
        return operand.value;
      case 'object':
        return operand.fields.get(field) ?? this.#report(at, `undefined field '${field}'`);
      case 'optional': {
        const inner = this.#field(this.#unifier.resolve(operand.of), field, at, optional);
        return optional ? inner : { is: 'optional', of: inner };
      }
      default:
        return this.#report(at, `type '${this.#show(operand)}' does not support field selection`);
    }
  }

  #element(expr: Expr, optional: boolean): Type {
    const type = this.check(expr);
    if (!optional) return type;
    const of = this.#unifier.fresh();
    if (this.#unifier.assignable([type], [{ is: 'optional', of }])) return of;
    return this.#report(expr.at, `expected type 'optional_type(dyn)' but found '${this.#show(type)}'`);
  }

  /** The type of the items of a literal: dyn, where they have several; whether they may is not for the types to say. */
  #join(known: Type | undefined, type: Type): Type {
    if (!known) return type;
    if (this.#unifier.resolve(type).is === 'dyn' || this.#unifier.resolve(known).is === 'dyn') return types.dyn;
    if (this.#unifier.assignable([type], [known])) return this.#unifier.resolve(known).is === 'null' ? type : known;
    return types.dyn;
  }

  #call(expr: Call): Type {
    const namespace = expr.target ? dotted(expr.target) : undefined;
    const { functions } = this.#declarations;
    if (namespace !== undefined) {
      const name = `${namespace}.${expr.name}`;
      if (Object.hasOwn(functions, name)) {
        this.#functions.set(expr, name);
        return this.#resolve(expr, name, functions[name]!, expr.args, false);
      }
    }
    if (expr.name === '_?._') {
      this.#overloads.set(expr, functions[expr.name]!);
      return this.#optionalSelect(expr);
    }
    if (expr.name === '_&&_' || expr.name === '_||_') {
      for (const arg of expr.args) this.#expect(arg, types.bool);
      this.#overloads.set(expr, functions[expr.name]!);
      return types.bool;
    }
    const declared = Object.hasOwn(functions, expr.name) ? functions[expr.name] : undefined;
    if (!declared) {
      for (const arg of expr.args) this.check(arg);
      if (expr.target) this.check(expr.target);
      return this.#report(expr.at, `undeclared reference to '${expr.name}' (in container '')`);
    }
    const args = expr.target ? [expr.target, ...expr.args] : expr.args;
    return this.#resolve(expr, expr.name, declared, args, expr.target !== undefined);
  }

  #resolve(expr: Call, name: string, declared: readonly Overload[], args: readonly Expr[], member: boolean): Type {
    const given = args.map((arg) => this.check(arg));
    const fitting: Overload[] = [];
    let result: Type | undefined;
    for (const each of declared) {
      if (each.member !== member || each.params.length !== given.length) continue;
      const [own, ...wanted] = this.#unifier.instantiate([each.result, ...each.params]);
      if (!this.#unifier.assignable(given, wanted)) continue;
      fitting.push(each);
      const type = this.#unifier.resolve(own!);
      if (result === undefined) result = type;
      else if (formatType(result) !== formatType(type)) result = types.dyn;
    }
    if (result === undefined) {
      const [first, ...rest] = given.map((type) => this.#show(type));
      const shown = member ? `${first}.(${rest.join(', ')})` : `(${given.map((type) => this.#show(type)).join(', ')})`;
      return this.#report(expr.at, `found no matching overload for '${name}' applied to '${shown}'`);
    }
    this.#overloads.set(expr, fitting);
    return result;
  }

  #optionalSelect(expr: Call): Type {
    const [operand, name] = expr.args;
    const type = this.#unifier.resolve(this.check(operand!));
    this.check(name!);
    const field = name?.is === 'literal' ? String(name.value) : '';
    const found = this.#field(type, field, expr.at, true);
    return found.is === 'optional' ? found : { is: 'optional', of: found };
  }

  #comprehension(expr: Comprehension): Type {
    const range = this.#unifier.resolve(this.check(expr.range));
    const initial = this.check(expr.initial);
    const [key, item] = this.#loopTypes(range, expr);
    this.#locals.push([expr.accumulator, initial]);
    const { variable2 } = expr;
    if (variable2 !== undefined) this.#locals.push([expr.variable, key], [variable2, item]);
    else this.#locals.push([expr.variable, range.is === 'map' ? key : item]);
    this.#expect(expr.condition, types.bool);
    this.#expect(expr.step, initial);
    this.#locals.length -= variable2 === undefined ? 1 : 2;
    const result = this.check(expr.result);
    this.#locals.pop();
    return this.#unifier.resolve(result);
  }

  #loopTypes(range: Type, expr: Comprehension): [Type, Type] {
    switch (range.is) {
      case 'list':
        return [types.int, range.item];
      case 'map':
        return [range.key, range.value];
      case 'dyn':
      case 'param':
        return [types.dyn, types.dyn];
      default: {
        const shown = this.#show(range);
        this.#report(
          expr.range.at,
          `expression of type '${shown}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [types.dyn, types.dyn];
      }
    }
  }

  #expect(expr: Expr, wanted: Type): void {
    const type = this.check(expr);
    if (this.#unifier.assignable([type], [wanted])) return;
    this.#report(expr.at, `expected type '${this.#show(wanted)}' but found '${this.#show(type)}'`);
  }

  #show(type: Type): string {
    return formatType(this.#unifier.resolve(type, true));
  }
}

/** `a.b.c`, where an expression is such a chain of names. */
function dotted(expr: Expr): string | undefined {
  if (expr.is === 'ident') return expr.name;
  if (expr.is !== 'select' || expr.test) return undefined;
  const operand = dotted(expr.operand);
  return operand === undefined ? undefined : `${operand}.${expr.field}`;
}
