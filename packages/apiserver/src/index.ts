export * from './admission/plugin.ts';
export * from './chain/link.ts';
export * from './registry/access.ts';
export * from './registry/registry.ts';
export * from './registry/strategy.ts';
export * from './server.ts';
