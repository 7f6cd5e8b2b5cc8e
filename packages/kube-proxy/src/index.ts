export * from './config/configuration.ts';
export * from './proxy.ts';
