import { expect, it } from '@jest/globals';
import type { RuntimeClass } from '../../generated/node/v1.ts';
import { validateCreate } from '../../validate.ts';
import { runtimeClass } from './runtimeclass.ts';

const of = (scheduling: RuntimeClass['scheduling']): RuntimeClass => ({
  metadata: { name: 'x' },
  handler: 'runc',
  ...(scheduling ? { scheduling } : {}),
});

it('a runtime class warns of labels of nodes by their former names', () => {
  const it = of({ nodeSelector: { 'beta.kubernetes.io/arch': 'arm', zone: 'a' } });
  expect(runtimeClass.warnings!(it, undefined, '')).toEqual([
    'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/arch" instead',
  ]);
});

it('a runtime class says each toleration once, for however long', () => {
  const toleration = { key: 'a', operator: 'Exists', effect: 'NoExecute' };
  const it = of({ tolerations: [toleration, { ...toleration, tolerationSeconds: 1 }] });
  expect(validateCreate(runtimeClass, it).map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"NoExecute","TolerationSeconds":1}',
  ]);
});
