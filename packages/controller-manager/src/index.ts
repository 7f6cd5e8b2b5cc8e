export { allControllers } from './controllers.ts';
export { managerFlags } from './flags.ts';
