import { cordonCommand } from './cordoning.ts';

export const command = cordonCommand('cordon', 'Keep new pods off a node', true);
