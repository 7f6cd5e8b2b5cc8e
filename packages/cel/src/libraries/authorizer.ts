import { readType, type Type } from '../check/type.ts';
import { exactly } from '../cost/range.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import { Opaque } from '../values.ts';

const name = 'kubernetes.authorization';
/** The type of the variable `authorizer`. */
export const authorizerType: Type = readType(`${name}.Authorizer`);
/** The type of the variable `authorizer.requestResource`. */
export const resourceCheckType: Type = readType(`${name}.ResourceCheck`);
const decisionType = readType(`${name}.Decision`);

/** What an expression asks the authorizer. */
export interface AccessQuestion {
  /** Who is asked about: another than the user of the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly verb: string;
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface AccessAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

type Ask = (question: AccessQuestion) => AccessAnswer;
type Place = Omit<AccessQuestion, 'verb'>;

/** A question on its way: the authorizer itself, a path, a group or a resource, by its type. */
class Check extends Opaque {
  override readonly type: Type;
  readonly ask: Ask;
  readonly place: Place;

  constructor(type: Type, ask: Ask, place: Place) {
    super();
    this.type = type;
    this.ask = ask;
    this.place = place;
  }

  override equals(other: Opaque): boolean {
    return other instanceof Check && JSON.stringify(other.place) === JSON.stringify(this.place);
  }

  with(type: string, more: Place): Check {
    return new Check(readType(`${name}.${type}`), this.ask, { ...this.place, ...more });
  }
}

class AccessDecision extends Opaque {
  override readonly type = decisionType;
  readonly answer: AccessAnswer;

  constructor(answer: AccessAnswer) {
    super();
    this.answer = answer;
  }

  override equals(other: Opaque): boolean {
    return other === this;
  }
}

/** The value of `authorizer`. */
export const authorizerValue = (ask: Ask): Opaque => new Check(authorizerType, ask, {});

/** The value of `authorizer.requestResource`. */
export const resourceCheckValue = (ask: Ask, place: Place): Opaque => new Check(resourceCheckType, ask, place);

/** Two checks are as much as an expression can afford. */
const checking: Pick<Overload, 'cost' | 'estimate'> = {
  cost: () => 350_000,
  estimate: () => ({ cost: exactly(350_000) }),
};
const run = (it: Check, verb: string): AccessDecision => new AccessDecision(it.ask({ ...it.place, verb }));
const narrow = (id: string, field: keyof Place, to = 'ResourceCheck', from = 'ResourceCheck'): Overload =>
  overload(id, `${name}.${from}.(string) ${name}.${to}`, (it: Check, value: string) => it.with(to, { [field]: value }));
const read = (id: string, type: string, of: (answer: AccessAnswer) => boolean | string): Overload =>
  overload(id, `${name}.Decision.() ${type}`, ({ answer }: AccessDecision) => of(answer));

/** Questions to the authorizer (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-authorizer-library). */
export const authorizer: Library = {
  path: [narrow('authorizer_path', 'path', 'PathCheck', 'Authorizer')],
  group: [narrow('authorizer_group', 'group', 'GroupCheck', 'Authorizer')],
  serviceAccount: [
    overload(
      'authorizer_serviceaccount',
      `${name}.Authorizer.(string, string) ${name}.Authorizer`,
      (it: Check, namespace: string, account: string) =>
        it.with('Authorizer', { serviceAccount: { namespace, name: account } }),
    ),
  ],
  resource: [narrow('groupcheck_resource', 'resource', 'ResourceCheck', 'GroupCheck')],
  subresource: [narrow('resourcecheck_subresource', 'subresource')],
  namespace: [narrow('resourcecheck_namespace', 'namespace')],
  name: [narrow('resourcecheck_name', 'name')],
  fieldSelector: [narrow('authorizer_fieldselector', 'fieldSelector')],
  labelSelector: [narrow('authorizer_labelselector', 'labelSelector')],
  check: [
    overload('pathcheck_check', `${name}.PathCheck.(string) ${name}.Decision`, run, checking),
    overload('resourcecheck_check', `${name}.ResourceCheck.(string) ${name}.Decision`, run, checking),
  ],
  allowed: [read('decision_allowed', 'bool', ({ allowed }) => allowed)],
  reason: [read('decision_reason', 'string', ({ reason }) => reason)],
  errored: [read('decision_errored', 'bool', ({ error }) => error !== undefined)],
  error: [read('decision_error', 'string', ({ error }) => error ?? '')],
};
