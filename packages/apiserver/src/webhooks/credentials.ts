/** What this server shows a webhook, so that it knows who calls. */
export interface WebhookCredentials {
  /** The client certificate and its key, in PEM; none: an empty object. */
  certificate(): { readonly cert?: string; readonly key?: string };
  /** The headers of each request: a bearer token, or a user name and password. */
  headers(): Promise<Readonly<Record<string, string | string[]>>>;
}

/** Finds the credentials for a webhook, by the host as its configuration names it, and the port. */
export type CredentialsFor = (host: string, port: number) => WebhookCredentials | undefined;
