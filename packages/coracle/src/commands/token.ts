import { commandGroup } from '../cli/command.ts';

export default commandGroup({
  name: 'token',
  about: 'make, list and delete the tokens that nodes join with',
  description: `Works on bootstrap tokens: short-lived secrets by which a new node and a cluster come to trust each other.`,
  verbs: {
    create: () => import('./token/create.ts'),
    list: () => import('./token/list.ts'),
    delete: () => import('./token/delete.ts'),
  },
});
