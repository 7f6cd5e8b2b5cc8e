import { cordonCommand } from './cordoning.ts';

export const command = cordonCommand('uncordon', 'Let a node take pods again', false);
