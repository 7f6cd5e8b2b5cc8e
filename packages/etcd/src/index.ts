export { EtcdClient, type EtcdClientOptions } from './client.ts';
export { EtcdError, statusCode } from './error.ts';
export { EtcdMembers, type EtcdMembersOptions } from './members.ts';
export type {
  Compare,
  KeyValue,
  RangeRequest,
  RangeResponse,
  RequestOp,
  TxnRequest,
  TxnResponse,
  WatchEvent,
  WatchRequest,
  WatchResponse,
} from './messages.ts';
export { prefixEnd } from './messages.ts';
