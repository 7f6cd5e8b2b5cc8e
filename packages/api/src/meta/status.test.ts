import { describe, expect, it } from '@jest/globals';
import { invalid, Path, required } from './field-path.ts';
import { statusFromResponse } from './response-status.ts';
import * as status from './status.ts';

const pods = { group: '', resource: 'pods' };
const deployments = { group: 'apps', resource: 'deployments' };

describe('status errors', () => {
  it.each([
    ['badRequest', status.badRequest('no'), 400, 'BadRequest', 'no', undefined],
    ['unauthorized', status.unauthorized(), 401, 'Unauthorized', 'Unauthorized', undefined],
    [
      'forbidden, a name',
      status.forbiddenError(pods, 'x', 'because'),
      403,
      'Forbidden',
      'pods "x" is forbidden: because',
      { name: 'x', kind: 'pods' },
    ],
    [
      'forbidden, no name',
      status.forbiddenError(
        deployments,
        '',
        'User "u" cannot list resource "deployments" in API group "apps" in the namespace "d"',
      ),
      403,
      'Forbidden',
      'deployments.apps is forbidden: User "u" cannot list resource "deployments" in API group "apps" in the namespace "d"',
      { group: 'apps', kind: 'deployments' },
    ],
    [
      'forbidden, a path',
      status.forbiddenError({ group: '', resource: '' }, '', 'why'),
      403,
      'Forbidden',
      'forbidden: why',
      {},
    ],
    ['notFound', status.notFoundError(pods, 'x'), 404, 'NotFound', 'pods "x" not found', { name: 'x', kind: 'pods' }],
    ['unknownPath', status.unknownPath(), 404, 'NotFound', 'the server could not find the requested resource', {}],
    [
      'methodNotAllowed',
      status.methodNotAllowed(),
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
      {},
    ],
    [
      'methodNotSupported',
      status.methodNotSupported(deployments, 'delete'),
      405,
      'MethodNotAllowed',
      'delete is not supported on resources of kind "deployments.apps"',
      { group: 'apps', kind: 'deployments' },
    ],
    [
      'notAcceptable',
      status.notAcceptable(['application/json', 'application/yaml']),
      406,
      'NotAcceptable',
      'only the following media types are accepted: application/json, application/yaml',
      undefined,
    ],
    [
      'alreadyExists',
      status.alreadyExists(deployments, 'x'),
      409,
      'AlreadyExists',
      'deployments.apps "x" already exists',
      { name: 'x', group: 'apps', kind: 'deployments' },
    ],
    [
      'generateNameConflict',
      status.generateNameConflict(pods, 'x-1'),
      409,
      'AlreadyExists',
      'pods "x-1" already exists, the server was not able to generate a unique name for the object',
      { name: 'x-1', kind: 'pods', retryAfterSeconds: 1 },
    ],
    [
      'conflict',
      status.conflict(pods, 'x'),
      409,
      'Conflict',
      'Operation cannot be fulfilled on pods "x": the object has been modified; please apply your changes to the latest version and try again',
      { name: 'x', kind: 'pods' },
    ],
    ['gone', status.gone('left'), 410, 'Gone', 'left', undefined],
    ['expired', status.resourceVersionTooOld(5, 10), 410, 'Expired', 'too old resource version: 5 (10)', undefined],
    [
      'too large',
      status.requestEntityTooLarge('limit is 3145728'),
      413,
      'RequestEntityTooLarge',
      'Request entity too large: limit is 3145728',
      undefined,
    ],
    [
      'unsupportedMediaType',
      status.unsupportedMediaType(['application/json']),
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json',
      undefined,
    ],
    [
      'tooManyRequests',
      status.tooManyRequests('slow down', 3),
      429,
      'TooManyRequests',
      'slow down',
      { retryAfterSeconds: 3 },
    ],
    [
      'internalError',
      status.internalError(new Error('boom')),
      500,
      'InternalError',
      'Internal error occurred: boom',
      { causes: [{ message: 'boom' }] },
    ],
    [
      'serverTimeout',
      status.serverTimeout(deployments, 'list', 2),
      500,
      'ServerTimeout',
      'The list operation against deployments.apps could not be completed at this time, please try again.',
      { name: 'list', group: 'apps', kind: 'deployments', retryAfterSeconds: 2 },
    ],
    ['serviceUnavailable', status.serviceUnavailable('starting'), 503, 'ServiceUnavailable', 'starting', undefined],
    ['timeout', status.timeoutError('too slow', 1), 504, 'Timeout', 'Timeout: too slow', { retryAfterSeconds: 1 }],
    [
      'resourceVersionTooLarge',
      status.resourceVersionTooLarge(9, 5),
      504,
      'Timeout',
      'Timeout: Too large resource version: 9, current: 5',
      { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
    ],
  ])('%s', (_, error, code, reason, message, details) => {
    expect(error.status).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details ? { details } : {}),
      code,
    });
    expect([error.code, error.reason, error.message, error.name]).toEqual([code, reason, message, 'StatusError']);
  });

  it('tells what is wrong with an object, field by field', () => {
    const at = new Path('spec');
    const one = status.invalidObject({ group: '', kind: 'Pod' }, 'x', [required(at.child('a'))]);
    expect(one.message).toBe('Pod "x" is invalid: spec.a: Required value');
    const two = status.invalidObject({ group: 'apps', kind: 'Deployment' }, 'x', [
      required(at.child('a')),
      invalid(at.child('b').index(0), 'v', 'must be w'),
      required(at.child('a')),
    ]);
    expect(two.status).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: 'Deployment.apps "x" is invalid: [spec.a: Required value, spec.b[0]: Invalid value: "v": must be w]',
      details: {
        name: 'x',
        group: 'apps',
        kind: 'Deployment',
        causes: [
          { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.a' },
          { reason: 'FieldValueInvalid', message: 'Invalid value: "v": must be w', field: 'spec.b[0]' },
          { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.a' },
        ],
      },
    });
    expect(status.invalidObject({ group: '', kind: 'Pod' }, 'x', []).message).toBe('Pod "x" is invalid');
    expect(status.invalidObject({ group: '', kind: 'Pod' }, '\0\u0085', []).message).toBe(
      'Pod "\\x00\\u0085" is invalid',
    );
  });

  it('is recognised by its reason', () => {
    expect(status.isNotFound(status.notFoundError(pods, 'x'))).toBe(true);
    expect(status.isNotFound(status.conflict(pods, 'x'))).toBe(false);
    expect(status.isConflict(status.conflict(pods, 'x'))).toBe(true);
    expect(status.isAlreadyExists(status.alreadyExists(pods, 'x'))).toBe(true);
    expect([status.expired('x'), status.gone('x')].map(status.isExpired)).toEqual([true, true]);
    expect(status.isNotFound(new Error('pods "x" not found'))).toBe(false);
    expect(status.isNotFound(undefined)).toBe(false);
  });
});

describe('statusFromResponse', () => {
  it('is the status the server sent', () => {
    const sent = status.notFoundError(deployments, 'x').status;
    const error = statusFromResponse(404, JSON.stringify(sent), { verb: 'GET', resource: deployments, name: 'x' });
    expect(error.status).toEqual(sent);
  });

  it('has the code of the response where the status has none', () => {
    expect(statusFromResponse(403, '{"kind":"Status","apiVersion":"v1","message":"no"}', { verb: 'get' }).code).toBe(
      403,
    );
  });

  it.each([
    [
      404,
      '404 page not found',
      'NotFound',
      'the server could not find the requested resource (get deployments.apps x)',
    ],
    [403, 'not you', 'Forbidden', 'not you (get deployments.apps x)'],
    [401, 'x', 'Unauthorized', 'the server has asked for the client to provide credentials (get deployments.apps x)'],
    [
      500,
      'boom "x"',
      'InternalError',
      'an error on the server ("boom \\"x\\"") has prevented the request from succeeding (get deployments.apps x)',
    ],
    [503, '', 'ServiceUnavailable', 'the server is currently unable to handle the request (get deployments.apps x)'],
    [
      418,
      'tea',
      '',
      'the server responded with the status code 418 but did not return more information (get deployments.apps x)',
    ],
    [
      502,
      '<html>',
      'InternalError',
      'an error on the server ("<html>") has prevented the request from succeeding (get deployments.apps x)',
    ],
    [404, '{"kind":"Pod"}', 'NotFound', 'the server could not find the requested resource (get deployments.apps x)'],
    [404, '{"kind', 'NotFound', 'the server could not find the requested resource (get deployments.apps x)'],
  ])('makes up what a server that answers %i %j means', (code, body, reason, message) => {
    const error = statusFromResponse(code, body, { verb: 'GET', resource: deployments, name: 'x' });
    expect([error.code, error.reason, error.message]).toEqual([code, reason, message]);
    expect(error.status.details).toMatchObject({
      group: 'apps',
      kind: 'deployments',
      name: 'x',
      causes: [{ reason: 'UnexpectedServerResponse', message: body === '' ? 'unknown' : body }],
    });
  });
});
