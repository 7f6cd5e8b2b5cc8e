import { choiceFlag, durationFlag, stringFlag } from '@coracle/process/flags';

const group = 'authorization';

/** kube-apiserver's flags of authorization by files and webhooks. */
export const authorizationFileFlags = {
  'authorization-config': stringFlag({
    group,
    help: 'File with an AuthorizationConfiguration: the authorizers to ask, in order, webhooks among them. Takes the place of --authorization-mode and --authorization-webhook-*.',
  }),
  'authorization-policy-file': stringFlag({
    group,
    help: 'File with the policies that mode ABAC allows by: one a line, in JSON.',
  }),
  'authorization-webhook-config-file': stringFlag({
    group,
    help: 'File in the form of a kubeconfig with the server that mode Webhook asks, by SubjectAccessReview.',
  }),
  'authorization-webhook-version': choiceFlag({
    group,
    default: 'v1beta1',
    choices: ['v1', 'v1beta1'],
    help: 'API version of the SubjectAccessReviews sent and expected.',
  }),
  'authorization-webhook-cache-authorized-ttl': durationFlag({
    group,
    default: 300_000,
    help: 'How long it is remembered that the webhook allowed something.',
  }),
  'authorization-webhook-cache-unauthorized-ttl': durationFlag({
    group,
    default: 30_000,
    help: 'How long it is remembered that the webhook did not allow something.',
  }),
};
