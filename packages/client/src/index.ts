export * from './client.ts';
export * from './config.ts';
export * from './events.ts';
export * from './fence.ts';
export * from './informer.ts';
export * from './leader-election.ts';
export * from './transport.ts';
export * from './work-queue.ts';
