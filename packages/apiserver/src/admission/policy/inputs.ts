import type { AnyKind, KubeObject } from '@coracle/api/kind';
import type { Namespace } from '@coracle/api/types/core/v1';
import type { Value } from '@coracle/cel';
import type { AccessAnswer, AccessQuestion } from '@coracle/cel/libraries/authorizer';
import { authorizerValue, resourceCheckValue } from '@coracle/cel/libraries/authorizer';
import { toValue } from '@coracle/cel/schema/json-value';
import type {
  Attributes as AccessAttributes,
  Authorizer,
  ResourceAttributes,
} from '../../chain/authorization/authorizer.ts';
import { narrowedTo } from '../../chain/authorization/selectors.ts';
import type { User } from '../../chain/user.ts';
import type { Attributes } from '../plugin.ts';
import { type Forms, formsOf } from '../webhook/forms.ts';
import { requestOf } from '../webhook/request.ts';
import { admissionRequest, namespaceType } from './environment.ts';

/** A request's side of what expressions see: objects in the form that was matched, the request, its namespace, the authorizer. */
export interface Inputs {
  readonly forms: Forms;
  /** The value of a variable; undefined for none of these. */
  value(name: string): Value | undefined;
  /**
   * Runs an evaluation, again whenever it has asked the authorizer something new: expressions do not wait, and come to the same when they are
   * run again with the answer.
   */
  answered<T>(evaluate: () => T): Promise<T>;
}

/** Ends an evaluation that needs an answer first. */
class Unanswered extends Error {
  readonly key: string;
  readonly answer: () => Promise<AccessAnswer>;

  constructor(key: string, answer: () => Promise<AccessAnswer>) {
    super('not answered yet');
    this.key = key;
    this.answer = answer;
  }
}

/** `kind` is the one that was matched; `namespace` undefined for what is in none. */
export async function inputsOf(
  attributes: Attributes,
  kind: AnyKind,
  namespace: Namespace | undefined,
  authorizer: Authorizer,
): Promise<Inputs> {
  const forms = await formsOf(attributes, kind);
  const known = new Map<string, Value>();
  const answers = new Map<string, AccessAnswer>();
  const ask = (question: AccessQuestion): AccessAnswer => {
    const key = JSON.stringify(question);
    const given = answers.get(key);
    if (given) return given;
    throw new Unanswered(key, () => answer(question, attributes.user, authorizer));
  };
  const makers: Readonly<Record<string, () => Value>> = {
    object: () => objectValue(forms.object, forms.kind),
    oldObject: () => objectValue(forms.oldObject, forms.kind),
    request: () => toValue(requestOf(attributes, forms), admissionRequest),
    namespaceObject: () => (namespace ? toValue(visible(namespace), namespaceType) : null),
    authorizer: () => authorizerValue(ask),
    'authorizer.requestResource': () =>
      resourceCheckValue(ask, {
        group: attributes.group,
        resource: attributes.resource,
        ...(attributes.subresource === '' ? {} : { subresource: attributes.subresource }),
        ...(attributes.namespace === '' ? {} : { namespace: attributes.namespace }),
        ...(attributes.name === '' ? {} : { name: attributes.name }),
      }),
  };
  return {
    forms,
    value(name) {
      if (!known.has(name) && Object.hasOwn(makers, name)) known.set(name, makers[name]!());
      return known.get(name);
    },
    async answered(evaluate) {
      for (;;) {
        try {
          return evaluate();
        } catch (error) {
          if (!(error instanceof Unanswered)) throw error;
          answers.set(error.key, await error.answer());
        }
      }
    },
  };
}

/** The object as expressions see it: with its apiVersion and kind, which those of the store lack. */
function objectValue(object: object | undefined, { group, version, kind }: Forms['kind']): Value {
  if (!object) return null;
  return toValue({ apiVersion: group === '' ? version : `${group}/${version}`, kind, ...object });
}

function visible({ metadata, spec, status }: Namespace): object {
  const { uid, managedFields: _managed, ownerReferences: _owners, ...rest } = metadata;
  return { metadata: { ...rest, ...(uid === undefined ? {} : { UID: uid }) }, spec: spec ?? {}, status: status ?? {} };
}

async function answer(
  question: AccessQuestion,
  user: Attributes['user'],
  authorizer: Authorizer,
): Promise<AccessAnswer> {
  const { serviceAccount, verb, path } = question;
  const who: User = serviceAccount
    ? {
        name: `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`,
        uid: '',
        groups: [
          'system:serviceaccounts',
          `system:serviceaccounts:${serviceAccount.namespace}`,
          'system:authenticated',
        ],
        extra: {},
      }
    : user;
  let about: AccessAttributes;
  if (path !== undefined) about = { user: who, verb, path };
  else {
    const resource: ResourceAttributes = {
      user: who,
      verb,
      group: question.group ?? '',
      version: '*',
      resource: question.resource ?? '',
      subresource: question.subresource ?? '',
      namespace: question.namespace ?? '',
      name: question.name ?? '',
      ...narrowedTo(question),
    };
    about = resource;
  }
  const { decision, reason, failure } = await authorizer.authorize(about);
  return { allowed: decision === 'allow', reason, ...(failure === undefined ? {} : { error: failure }) };
}

/** An object of the store with its apiVersion and kind, as parameters are seen. */
export function withType(object: KubeObject, kind: AnyKind): object {
  return { apiVersion: kind.apiVersion, kind: kind.kind, ...object };
}
