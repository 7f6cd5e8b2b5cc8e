/** The attribute of a subject that has a user's uid (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates). */
export const uidAttribute = '1.3.6.1.4.1.57683.2';
