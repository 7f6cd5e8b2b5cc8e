import { StatusError } from '@coracle/api/meta/status';

/** An error that is answered in plain text: what upstream's filters say of a request that has not come to what speaks of objects. */
export class PlainError extends StatusError {}

/** 404 in plain text, which is what paths get that no part of the server knows. */
export class PageNotFound extends PlainError {
  constructor() {
    super({ code: 404, reason: 'NotFound', message: '404 page not found' });
  }
}

/** 429 of a server that has as much to do as it may. */
export class Overloaded extends PlainError {
  constructor(retryAfterSeconds: number) {
    const message = 'Too many requests, please try again later.';
    super({ code: 429, reason: 'TooManyRequests', message, details: { retryAfterSeconds } });
  }
}
