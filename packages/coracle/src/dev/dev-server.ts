import { randomBytes } from 'node:crypto';
import type { TokenAuthenticator } from '@coracle/apiserver/chain/authentication/authenticator';
import { bearerTokens, unionOfTokens } from '@coracle/apiserver/chain/authentication/bearer-token';
import { authentication } from '@coracle/apiserver/chain/authentication/index';
import { fixedTokens } from '@coracle/apiserver/chain/authentication/token-file';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { connect } from '@coracle/client/client';
import { Informers } from '@coracle/client/informer';
import { allControllers } from '@coracle/controller-manager/controllers';
import { managerFlags } from '@coracle/controller-manager/flags';
import { selectControllers, startControllers } from '@coracle/controller-manager/manager';
import { settingsOf } from '@coracle/controller-manager/settings-from-flags';
import type { Log } from '@coracle/process/log';
import { selfSigned } from '@coracle/process/self-signed';
import { kubeconfig } from '../components/kubeconfig.ts';

export interface DevServerOptions {
  /** 0: any free one. */
  port: number;
  /** As kube-controller-manager's --controllers; none where it is empty. */
  controllers: readonly string[];
  log: Log;
}

export interface DevServer {
  url: string;
  /** The text of a kubeconfig for it; it holds the token, which may do everything. */
  kubeconfig: string;
  /** Ends controllers and server; what was kept is gone. */
  close(): Promise<void>;
}

/**
 * Starts an API server that keeps its objects in this process, with default admission, and controllers, for people who write or try clients
 * and controllers: no etcd, no containers, no files. It listens on loopback and answers whoever shows its token, or one of a service account that it issued, over
 * TLS, as client-go shows tokens over nothing else. Token and certificate are made anew each time: other users of the machine, and pages in a browser, have no
 * business there. Throws UnknownController, and when the port is taken.
 */
export async function startDevServer({ port, controllers, log }: DevServerOptions): Promise<DevServer> {
  const selected = controllers.length > 0 ? selectControllers(allControllers(), controllers) : [];
  const token = randomBytes(24).toString('base64url');
  const user = { name: 'kubernetes-admin', uid: '', groups: ['system:masters'], extra: {} };
  const issued: TokenAuthenticator = { authenticateToken: (...asked) => server.tokens.authenticateToken(...asked) };
  const authenticators = [
    bearerTokens(unionOfTokens([fixedTokens(new Map([[token, user]])), issued]), ['https://kubernetes.default.svc']),
  ];
  const tls = await selfSigned('127.0.0.1');
  const server: TestServer = await startApiServer({
    port,
    tls,
    links: [authentication({ authenticators, anonymous: () => false })],
    plugins: 'default',
    log,
  });
  const stop = new AbortController();
  const client = connect({ ...server.config, token });
  const { stopped } = await startControllers(selected, {
    clientFor: () => client,
    informers: new Informers(client, { signal: stop.signal, log }),
    settings: settingsOf(managerFlags.parse([]).values),
    signal: stop.signal,
    log,
  });
  return {
    url: server.url,
    kubeconfig: kubeconfig({ cluster: 'coracle-dev', server: server.url, authority: tls.cert, user: user.name, token }),
    async close() {
      stop.abort();
      await stopped;
      await server.close();
    },
  };
}
