import type { Command } from '../../cli/command.ts';
import { deleteCluster, deleteContext, deleteUser, renameContext, useContext } from './contexts.ts';
import { setCluster, setContext, setCredentials } from './entries.ts';
import { currentContext, getClusters, getContexts, getUsers } from './listing.ts';
import { setProperty, unsetProperty } from './properties.ts';
import { view } from './view.ts';

export const command: Command = {
  name: 'config',
  short: 'Read and change kubeconfig files',
  usage: 'config SUBCOMMAND',
  subcommands: [
    currentContext,
    deleteCluster,
    deleteContext,
    deleteUser,
    getClusters,
    getContexts,
    getUsers,
    renameContext,
    setProperty,
    setCluster,
    setContext,
    setCredentials,
    unsetProperty,
    useContext,
    view,
  ],
};
