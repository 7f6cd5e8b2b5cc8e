export * from './config/network-config.ts';
