import { expect, it } from '@jest/globals';
import { decodedPath, escapedPath, orderedQuery } from './url-forms.ts';

it.each([
  ['/a%20b', '/a%20b'],
  ['/%41%c3%a9', '/A%C3%A9'],
  ['/a%2Fb', '/a/b'],
  ["/;p=1,2'()*!~@:$&+=%3F%25", '/;p=1,2%27%28%29%2A%21~@:$&+=%3F%25'],
  ['/100%', '/100%25'],
  ['/\u20ac', '/%E2%82%AC'],
])('the path %s is passed on as %s', (path, expected) => {
  expect(escapedPath(decodedPath(path))).toBe(expected);
});

it.each([
  ['', ''],
  ['z=1&a=%20x+y&b&a=2', 'a=+x+y&a=2&b=&z=1'],
  ['bad=%zz&half=%1&semi=1;2&&x=1', 'x=1'],
  ["u=%c3%a9'()*~!&=v", '=v&u=%C3%A9%27%28%29%2A~%21'],
  ['a=b=c%3d', 'a=b%3Dc%3D'],
])('the query %s is passed on as %s', (query, expected) => {
  expect(orderedQuery(query)).toBe(expected);
});
