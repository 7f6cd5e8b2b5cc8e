export * from './kind.ts';
export * from './schema.ts';
export * from './scheme.ts';
