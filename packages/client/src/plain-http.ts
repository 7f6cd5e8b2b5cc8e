/**
 * What programs use of `node:http`. An import of that module itself asks it for all that it has; its WebSocket is the whole of Node's fetch, which is
 * 40 ms of processor time whenever a program starts, and 2 MB of it when idle.
 */
export const { Agent, createServer, get, IncomingMessage, request, ServerResponse } =
  process.getBuiltinModule('node:http');
