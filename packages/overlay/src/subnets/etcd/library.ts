/** The etcd client, for a lazy import: of a CommonJS library a bundle has no names there, of this module it has. */
export { Etcd3 } from 'etcd3';
