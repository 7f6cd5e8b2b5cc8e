import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseSettings, resolveValues, substitute, substituteJson } from './templates.ts';

/** `${NAME}` */
const braced = (name: string): string => `\${${name}}`;

describe('a template', () => {
  it(`has $NAME and ${braced('NAME')} replaced, and $$ by a dollar sign`, () => {
    expect(substitute(`$A-${braced('B')}_$C_D $$A $ $1`, { A: 'x', B: 'y', C_D: 'z' }, 't')).toBe('x-y_z $A $ $1');
  });

  it('with a name that has no value is refused, naming both', () => {
    expect(() => substitute(`a ${braced('MISSING')}`, {}, '/exports/service.template of x')).toThrow(
      `/exports/service.template of x refers to ${braced('MISSING')}, which has no value`,
    );
  });

  it('does not take what a value says for a reference', () => {
    expect(substitute('$A', { A: '$B', B: 'no' }, 't')).toBe('$B');
  });

  it('of JSON takes any value within a string for itself, and one outside for JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const made = substituteJson('{"a": "x $V", "n": $N}', { V: value, N: '[1]' }, 't');
        expect(made).toEqual({ a: `x ${value}`, n: [1] });
      }),
    );
    expect(() => substituteJson('{"n": $N}', { N: 'nonsense' }, 't')).toThrow(
      't is no JSON once its values are filled in',
    );
  });
});

describe('settings', () => {
  it('have defaults that refer to others, and given values that stand for themselves', () => {
    const defaults = { ARGS: '$CONFIG/args', CONFIG: '/etc/$NAME', PRICE: '5$$' };
    expect(resolveValues(defaults, { NAME: 'x' }, 't')).toMatchObject({ ARGS: '/etc/x/args', PRICE: '5$' });
    expect(resolveValues(defaults, { NAME: 'x', CONFIG: '$NAME' }, 't')['ARGS']).toBe('$NAME/args');
    expect(() => resolveValues({ A: '$B', B: '$A' }, {}, 't')).toThrow('t: the value of A refers to itself');
    expect(() => resolveValues({ A: '$B' }, {}, 't')).toThrow('t refers to $B, which has no value');
  });

  it('are pairs of names that the image knows', () => {
    expect(parseSettings(['A=1=2', 'B='], ['A', 'B'], 'x')).toEqual({ A: '1=2', B: '' });
    expect(() => parseSettings(['C=1'], ['B', 'A'], 'x')).toThrow('--set C: x has no such setting; there is A, B');
    expect(() => parseSettings(['=1'], ['A'], 'x')).toThrow('--set "=1" is not NAME=VALUE');
    expect(() => parseSettings(['A'], ['A'], 'x')).toThrow('--set "A" is not NAME=VALUE');
  });
});
