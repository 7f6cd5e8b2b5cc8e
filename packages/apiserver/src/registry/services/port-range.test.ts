import { expect, it } from '@jest/globals';
import { parsePortRange } from './port-range.ts';

it.each([
  ['30000-32767', 30000, 32767],
  ['30000+19', 30000, 30019],
  [' 30000 ', 30000, 30000],
])('%j is a range of ports', (text, from, to) => {
  expect(parsePortRange(text)).toEqual({ from, to, text: `${from}-${to}` });
});

it.each([
  ['1-', 'strconv.Atoi: parsing "": invalid syntax'],
  ['a+1', 'strconv.Atoi: parsing "a": invalid syntax'],
  ['1-2-3', 'strconv.Atoi: parsing "2-3": invalid syntax'],
  ['1+2-3', 'unable to parse port range: 1+2-3'],
  ['30000-70000', 'the port range cannot be greater than 65535: 30000-70000'],
  ['65535+1', 'the port range cannot be greater than 65535: 65535+1'],
  ['10-9', 'end port cannot be less than start port: 10-9'],
  ['0-9', 'the port range cannot begin before 1: 0-9'],
])('%j is none', (text, problem) => {
  expect(() => parsePortRange(text)).toThrow(new Error(problem));
});
