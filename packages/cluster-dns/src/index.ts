export * from './dns.ts';
export * from './settings.ts';
