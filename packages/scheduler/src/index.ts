export * from './assemble.ts';
export * from './config/configuration.ts';
