import { isAbsolute } from 'node:path';
import type { RestConfig } from '@coracle/client/config';
import { credentialHeaders, tlsMaterial } from '@coracle/client/credentials';
import { type Kubeconfig, readKubeconfig, userConfigOf } from '@coracle/client/kubeconfig';
import { decodeComponentConfig } from '@coracle/process/component-config';
import { z } from 'zod';
import type { CredentialsFor, WebhookCredentials } from '../../webhooks/credentials.ts';
import type { PluginConfiguration } from '../configuration.ts';

const schema = z.strictObject({ kubeConfigFile: z.string().default('') });

/** How long (ms) a certificate that was read is used. */
const certificateAge = 60_000;

/**
 * Reads a WebhookAdmissionConfiguration (apiserver.config.k8s.io): the kubeconfig whose users are named after webhooks
 * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#authenticate-apiservers).
 */
export function parseWebhookAdmissionConfiguration({ value }: PluginConfiguration): CredentialsFor | undefined {
  const { kubeConfigFile } = decodeComponentConfig(value, {
    apiVersion: ['v1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`),
    kind: 'WebhookAdmissionConfiguration',
    schema,
  });
  if (kubeConfigFile === '') return undefined;
  if (!isAbsolute(kubeConfigFile)) {
    throw new Error(`kubeConfigFile: Invalid value: ${JSON.stringify(kubeConfigFile)}: must be an absolute file path`);
  }
  return credentialsIn(readKubeconfig(kubeConfigFile));
}

/**
 * The user of a kubeconfig that is meant for a webhook: the one named `host:port`, else `*.rest-of-host:port`, for the port 443 also without
 * it, else `*`, else the current context's.
 */
function credentialsIn(config: Kubeconfig): CredentialsFor {
  const users = new Map(
    (config.users ?? []).map(({ name, user }) => [name, credentialsOf(userConfigOf(name, user ?? {}))]),
  );
  const current = config.contexts?.find(({ name }) => name === config['current-context'])?.context.user;
  return (host, port) => {
    const names = [
      ...namesFor(`${host}:${port}`),
      ...(port === 443 ? namesFor(host) : []),
      '*',
      ...(current === undefined ? [] : [current]),
    ];
    const name = names.find((each) => users.has(each));
    return name === undefined ? undefined : users.get(name);
  };
}

/** `hook.ns.svc:8443`, `*.ns.svc:8443`, `*.svc:8443`. */
function namesFor(target: string): string[] {
  const steps = target.split('.');
  return [target, ...steps.slice(1).map((_, i) => `*.${steps.slice(i + 1).join('.')}`)];
}

function credentialsOf(user: Omit<RestConfig, 'server'>): WebhookCredentials {
  const config = { server: '', ...user };
  let read: ReturnType<WebhookCredentials['certificate']> = {};
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    certificate() {
      if (performance.now() - readAt > certificateAge) {
        const { cert, key } = tlsMaterial(config);
        read = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
        readAt = performance.now();
      }
      return read;
    },
    headers: credentialHeaders(config),
  };
}
