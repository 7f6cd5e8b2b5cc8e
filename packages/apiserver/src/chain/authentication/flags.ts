import {
  choiceFlag,
  durationFlag,
  type FlagValues,
  mapFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process/flags';

const group = 'authentication';

/** kube-apiserver's flags of tokens that others issue or know: OpenID Connect and webhooks. */
export const outsideTokenFlags = {
  'authentication-config': stringFlag({
    group,
    help: 'File with an AuthenticationConfiguration: issuers of tokens and how their tokens become users, and where anonymous requests are let in. Takes the place of the --oidc-* flags.',
  }),
  'oidc-issuer-url': stringFlag({
    group,
    help: 'URL of an OpenID Connect issuer (https://…), exactly as its tokens name it. Unset, no such tokens are accepted.',
  }),
  'oidc-client-id': stringFlag({ group, help: 'The audience that tokens of --oidc-issuer-url must name.' }),
  'oidc-ca-file': stringFlag({
    group,
    help: "File with the authority that the issuer's serving certificate is checked against. Unset, those the system trusts.",
  }),
  'oidc-username-claim': stringFlag({ group, default: 'sub', help: 'The claim that is the name of the user.' }),
  'oidc-username-prefix': stringFlag({
    group,
    help: "What is put before users' names; - for nothing. Unset, the issuer's URL and # stand before all names but those of the claim email.",
  }),
  'oidc-groups-claim': stringFlag({
    group,
    help: 'The claim with the groups of the user, text or a list of texts. Unset, users have none.',
  }),
  'oidc-groups-prefix': stringFlag({ group, help: "What is put before groups' names." }),
  'oidc-signing-algs': stringSliceFlag({
    group,
    default: ['RS256'],
    help: 'Algorithms that tokens may be signed with: RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512.',
  }),
  'oidc-required-claim': mapFlag({
    group,
    help: 'Claims that tokens must have with these values, claim=value. May be repeated.',
  }),

  'authentication-token-webhook-config-file': stringFlag({
    group,
    help: 'File in the form of a kubeconfig with the server that is asked whose bearer tokens are, by TokenReview. Unset, none is.',
  }),
  'authentication-token-webhook-version': choiceFlag({
    group,
    default: 'v1beta1',
    choices: ['v1', 'v1beta1'],
    help: 'API version of the TokenReviews sent and expected.',
  }),
  'authentication-token-webhook-cache-ttl': durationFlag({
    group,
    default: 120_000,
    help: 'How long answers about tokens are kept.',
  }),
};

/** Whether any of the --oidc-* flags says something. */
export function isOidcSet(flags: FlagValues<typeof outsideTokenFlags>): boolean {
  const texts = ['issuer-url', 'client-id', 'ca-file', 'username-prefix', 'groups-claim', 'groups-prefix'] as const;
  return (
    texts.some((name) => flags[`oidc-${name}`] !== '') ||
    flags['oidc-username-claim'] !== 'sub' ||
    flags['oidc-signing-algs'].join() !== 'RS256' ||
    Object.keys(flags['oidc-required-claim']).length > 0
  );
}
