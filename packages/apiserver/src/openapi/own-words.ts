/**
 * Descriptions in our own words, by generated type: what a kind is, under the empty name, and the fields people ask about most. They go before those
 * of the installed client.
 */
export const ownWords: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'meta/v1.ObjectMeta': {
    '': 'What every stored object has: its name, its identity, and what is kept about it besides its content.',
    name: 'Tells the object apart from others of its kind in its namespace. It cannot be changed.',
    generateName: 'Where no name is given: the beginning of one, which the server completes with random characters.',
    namespace: 'The namespace the object lives in; empty for kinds that live in none. It cannot be changed.',
    labels: 'Keys and values that selectors find the object by.',
    annotations: 'Keys and values for tools and people; nothing is selected by them.',
    uid: 'The identity of this object over all time: another object of the same name has another one.',
    resourceVersion:
      'Names the state of the object. An update that states it fails if the object has changed since; a watch can go on from it.',
    generation: 'Rises by one with each change of what is wanted (the spec).',
    creationTimestamp: 'CreationTimestamp is a timestamp, in UTC, of when the server stored the object.',
    deletionTimestamp:
      'When the object is to be gone: set by a graceful deletion, or while finalizers hold the object.',
    finalizers: 'Who still has work to do before the object is removed. The object stays until the list is empty.',
    ownerReferences: 'The objects this one belongs to. Once all are gone the garbage collector deletes it.',
    managedFields: 'Which manager set which fields, as server-side apply keeps it.',
  },
  'core/v1.Pod': {
    '': 'Containers that run together on one node and share its network address and volumes.',
    spec: 'What is to run, and how.',
    status: 'What was last seen of the pod on its node.',
  },
  'core/v1.PodSpec': {
    '': 'What a pod runs: its containers, their volumes, and where and how they are to run.',
    containers:
      'The containers of the pod, at least one. They start together once all init containers are done; which ones there are cannot be changed.',
    initContainers:
      'Containers that run to their end one after another before the others start. With restartPolicy Always one goes on beside them.',
    volumes: 'Storage that the containers of the pod can mount.',
    nodeName: 'The node the pod runs on; the scheduler fills it in.',
    nodeSelector: 'Labels that a node must have for the pod to run there.',
    affinity: 'Which nodes the pod needs or likes, and which pods it wants near or far.',
    tolerations: 'Taints of nodes that do not keep the pod away.',
    restartPolicy: 'What happens to a container that ended: Always (the default), OnFailure or Never.',
    serviceAccountName: 'The service account whose identity the pod has towards the API.',
    terminationGracePeriodSeconds:
      'Seconds from the polite signal until containers are killed when the pod is deleted; 30 by default.',
    imagePullSecrets: 'Secrets with credentials for the registries that the images come from.',
    securityContext: 'Users, groups and rights of all containers; a container may say otherwise for itself.',
    hostNetwork: "The pod uses its node's network and address.",
    priorityClassName: 'The PriorityClass of the pod: pods of lower priority may have to make room for it.',
    topologySpreadConstraints: 'How pods are spread over zones, nodes or other domains.',
    dnsPolicy:
      'How names are resolved: ClusterFirst (the default), ClusterFirstWithHostNet, Default (as the node) or None (by dnsConfig).',
  },
  'core/v1.Container': {
    '': 'One container of a pod.',
    name: 'Tells the container apart in its pod; a DNS label.',
    image: 'The image to run, such as registry.example/app:1.2.',
    imagePullPolicy:
      'When the image is fetched: Always, IfNotPresent or Never. By default Always for the tag latest, else IfNotPresent.',
    command: "What to run in place of the image's entrypoint. $(NAME) is replaced by the variable of that name.",
    args: "Arguments for the command, in place of the image's own.",
    env: 'Environment variables.',
    envFrom: 'ConfigMaps and Secrets whose keys become environment variables.',
    ports:
      'Ports the container listens on: for people, and for Services that name them. Nothing is opened or closed by it.',
    resources: 'CPU, memory and others: what is reserved (requests) and what cannot be passed (limits).',
    volumeMounts: 'Where volumes of the pod appear in the container.',
    livenessProbe: 'A check that the container works; it is restarted when the check fails.',
    readinessProbe: 'A check that the container can serve; Services send nothing to the pod while it fails.',
    startupProbe: 'A check that the container has started; the other probes wait for it.',
    lifecycle: 'What is done when the container has started and before it is stopped.',
    securityContext: 'User, rights and isolation of this container.',
    workingDir: "The directory it starts in; the image's by default.",
  },
  'core/v1.Service': {
    '': 'One stable address and name for the pods that a selector finds.',
    spec: 'Which pods, at which ports, reached how.',
  },
  'core/v1.ServiceSpec': {
    selector: 'Labels of the pods that get the traffic. Without it, someone else writes the endpoints.',
    ports: 'The ports of the service, and where on the pods each leads.',
    type: 'Who can reach it: ClusterIP (the default; inside the cluster), NodePort (at a port of every node), LoadBalancer, or ExternalName (only a name).',
    clusterIP: 'The address inside the cluster; None for a name that leads to the pods themselves.',
  },
  'core/v1.ConfigMap': {
    '': 'Configuration as keys and values that pods read.',
    data: 'Text by key.',
    binaryData: 'Bytes by key, in base64.',
  },
  'core/v1.Secret': {
    '': 'As a ConfigMap, for what few may read: passwords, tokens, keys.',
    data: 'Bytes by key, in base64.',
    stringData: 'Text by key, for convenience when writing; it is stored under data and never shown.',
    type: 'What kind of secret it is, and so which keys it must have.',
  },
  'core/v1.Namespace': { '': 'A space for names: objects in it are named, counted, limited and deleted together.' },
  'core/v1.Node': { '': 'A machine that runs pods.' },
  'core/v1.ServiceAccount': { '': 'An identity for programs that run in pods.' },
  'core/v1.Endpoints': {
    '': 'The addresses behind a Service, all in one object. EndpointSlices have taken its place.',
  },
  'core/v1.Event': { '': 'Something that happened to an object, told for people; kept for a while only.' },
  'core/v1.PersistentVolume': { '': 'A piece of storage of the cluster, whoever uses it.' },
  'core/v1.PersistentVolumeClaim': {
    '': 'What someone wants to have of storage, and the volume that was bound for it.',
  },
  'core/v1.ComponentStatus': { '': 'How a part of the control plane is. Deprecated; found out when it is asked for.' },
  'core/v1.Binding': { '': 'Puts a pod on a node. Schedulers write it.' },
  'apps/v1.Deployment': {
    '': 'Keeps a number of equal pods running, and replaces them step by step when their template changes.',
  },
  'apps/v1.DeploymentSpec': {
    replicas: 'How many pods there shall be; 1 by default.',
    selector: 'Labels by which the deployment knows its pods. They must be in the template, and cannot be changed.',
    template: 'What its pods look like.',
    strategy: 'How old pods are replaced: RollingUpdate (the default) or Recreate.',
    revisionHistoryLimit: 'How many old ReplicaSets are kept to roll back to; 10 by default.',
    progressDeadlineSeconds: 'After so long without progress a rollout counts as failed; 600 by default.',
    paused: 'Changes of the template wait until this is taken back.',
  },
  'apps/v1.ReplicaSet': { '': 'Keeps a number of equal pods running. Deployments make them.' },
  'apps/v1.ControllerRevision': {
    '': 'A state of a template that its controller can go back to. It cannot be changed.',
  },
  'networking/v1.Ingress': { '': 'Routes HTTP requests from outside to Services, by host and path.' },
  'networking/v1.IngressClass': { '': 'Names the controller that serves Ingresses of a class.' },
  'networking/v1.NetworkPolicy': {
    '': 'Which traffic the pods it selects take and send. Pods that none selects take and send everything.',
  },
  'networking/v1.ServiceCIDR': { '': 'Ranges that the addresses of Services come from.' },
  'networking/v1.IPAddress': { '': 'An address that is taken, and by whom.' },
  'policy/v1.PodDisruptionBudget': { '': 'How many of a set of pods must stay when pods are evicted on purpose.' },
  'rbac/v1.Role': { '': 'A set of permissions in a namespace.' },
  'rbac/v1.ClusterRole': { '': 'A set of permissions in the whole cluster, or for use in any namespace.' },
  'rbac/v1.RoleBinding': {
    '': 'Gives the permissions of a role to users, groups and service accounts, in one namespace.',
  },
  'rbac/v1.ClusterRoleBinding': { '': 'Gives the permissions of a ClusterRole everywhere.' },
  'coordination/v1.Lease': {
    '': 'Who holds something, and until when: who leads among equals, which nodes are alive.',
  },
  'discovery/v1.EndpointSlice': { '': 'Some of the addresses behind a Service, with their state.' },
  'events/v1.Event': { '': 'Something that happened to an object, told for people; kept for a while only.' },
  'certificates/v1.CertificateSigningRequest': {
    '': 'Asks a signer for a certificate; someone approves or denies it.',
  },
  'storage/v1.StorageClass': { '': 'How volumes of a class are made: by whom, with which parameters.' },
  'storage/v1.CSIDriver': { '': 'What the cluster must know of a storage driver.' },
  'storage/v1.CSINode': { '': 'The storage drivers on a node.' },
  'storage/v1.CSIStorageCapacity': { '': 'How much room a storage class has in a part of the cluster.' },
  'storage/v1.VolumeAttachment': { '': 'A volume that is to be attached to a node.' },
  'storage/v1.VolumeAttributesClass': { '': 'Attributes of volumes that can be changed while they are used.' },
  'admissionregistration/v1.MutatingWebhookConfiguration': {
    '': 'Webhooks that may change what is written before it is stored.',
  },
  'admissionregistration/v1.ValidatingWebhookConfiguration': { '': 'Webhooks that may refuse what is written.' },
  'admissionregistration/v1.MutatingAdmissionPolicy': {
    '': 'Changes what is written by expressions, before it is stored.',
  },
  'admissionregistration/v1.MutatingAdmissionPolicyBinding': {
    '': 'Puts a MutatingAdmissionPolicy to work, where and with which parameters.',
  },
  'admissionregistration/v1.ValidatingAdmissionPolicy': {
    '': 'Refuses what is written by expressions that must hold.',
  },
  'admissionregistration/v1.ValidatingAdmissionPolicyBinding': {
    '': 'Puts a ValidatingAdmissionPolicy to work, where and with which parameters.',
  },
  'apiextensions/v1.CustomResourceDefinition': { '': 'Declares a kind of objects that the server is to serve.' },
  'apiregistration/v1.APIService': {
    '': 'Who serves a group-version of the API: this server itself, or a Service that requests are passed on to.',
  },
  'apiregistration/v1.APIServiceSpec': {
    service: 'The Service of the server that is asked. Without it this server serves the group-version itself.',
    caBundle: 'The authorities that its certificate is checked against, PEM in base64.',
    insecureSkipTLSVerify: 'Leaves its certificate unchecked; better name a caBundle.',
    groupPriorityMinimum: 'How early clients prefer the group among others: the highest of its versions counts.',
    versionPriority: 'How early clients prefer the version among those of its group.',
  },
  'apps/v1.DaemonSet': { '': 'Keeps a pod running on every node, or on those that it selects.' },
  'apps/v1.StatefulSet': {
    '': 'Keeps a number of pods running that each have a name and volumes of their own, which stay theirs.',
  },
  'autoscaling/v1.HorizontalPodAutoscaler': {
    '': 'Sets how many replicas a workload has by how much processor time its pods use.',
  },
  'autoscaling/v2.HorizontalPodAutoscaler': { '': 'Sets how many replicas a workload has by what is measured of it.' },
  'batch/v1.CronJob': { '': 'Makes a Job at the times of a schedule.' },
  'batch/v1.Job': { '': 'Runs pods until so many of them have ended well.' },
  'core/v1.PodTemplate': { '': 'A template of pods, kept for others to use.' },
  'core/v1.ReplicationController': {
    '': 'Keeps a number of equal pods running. Deployments, which also replace them, are what to use today.',
  },
  'node/v1.RuntimeClass': { '': 'A way of running containers, which pods name in runtimeClassName.' },
  'resource/v1.DeviceClass': { '': 'A sort of devices that claims may ask for, and how they are set up.' },
  'resource/v1.ResourceClaim': { '': 'Devices that somebody wants, and which they got.' },
  'resource/v1.ResourceClaimTemplate': { '': 'What claims are made from, one for each pod that names it.' },
  'resource/v1.ResourceSlice': { '': 'Devices of a pool that a driver offers, on one node or on several.' },
  'core/v1.LimitRange': {
    '': 'Bounds and defaults of what single containers, pods and claims of a namespace ask for.',
  },
  'core/v1.ResourceQuota': { '': 'Bounds of what all objects of a namespace use together.' },
  'core/v1.ResourceQuotaSpec': {
    hard: 'The most there may be of each resource: `pods`, `requests.cpu`, `count/deployments.apps`.',
    scopes: 'The objects that count: those all of these scopes hold of. Without scopes all do.',
    scopeSelector: 'As `scopes`, for scopes that have values.',
  },
  'core/v1.ResourceQuotaStatus': {
    hard: 'The bounds that hold now.',
    used: 'How much of each resource the objects of the namespace use.',
  },
  'flowcontrol/v1.FlowSchema': {
    '': 'Which requests belong together as flows, and which priority level they are of.',
  },
  'flowcontrol/v1.FlowSchemaSpec': {
    priorityLevelConfiguration: 'The priority level of the requests that match.',
    matchingPrecedence:
      'Of several schemas that match a request the one of the lowest number counts; 1 to 10000, by default 1000.',
    distinguisherMethod:
      'What tells the flows of the schema apart: the user or the namespace. Without it they are one flow.',
    rules: 'Whose requests match, and which of them. One rule that does is enough.',
  },
  'flowcontrol/v1.PriorityLevelConfiguration': {
    '': 'How much of the server the requests of a priority level may take, and what becomes of those beyond that.',
  },
  'flowcontrol/v1.LimitedPriorityLevelConfiguration': {
    nominalConcurrencyShares: 'How many seats the level has, in proportion to the shares of the others; 30 by default.',
    lendablePercent: 'How much of its seats other levels may use while it does not; 0 by default.',
    borrowingLimitPercent: 'How many seats it may use of others, in percent of its own. Unset, there is no limit.',
    limitResponse: 'Whether requests that find no seat wait or are refused.',
  },
  'scheduling/v1.PriorityClass': { '': 'A name for a priority, which pods give in priorityClassName.' },
  'autoscaling/v1.Scale': { '': 'How many replicas something has and is to have.' },
  'authentication/v1.TokenRequest': { '': 'Asks for a token of a service account.' },
  'authentication/v1.TokenReview': { '': 'Asks whose a token is.' },
  'authentication/v1.SelfSubjectReview': { '': 'Asks who the server takes the asker for.' },
  'authorization/v1.SubjectAccessReview': { '': 'Asks whether someone may do something.' },
  'authorization/v1.LocalSubjectAccessReview': { '': 'Asks whether someone may do something in a namespace.' },
  'authorization/v1.SelfSubjectAccessReview': { '': 'Asks whether the asker may do something.' },
  'authorization/v1.SelfSubjectRulesReview': { '': 'Asks what the asker may do in a namespace.' },
};

/** What the fields say that all kinds have, in the beginnings that upstream's conformance tests look for. */
export const wordsOfEveryKind: Readonly<Record<string, string>> = {
  apiVersion: 'APIVersion defines the form the object is in by group and version, such as apps/v1.',
  kind: 'What the object is, such as Pod.',
  metadata: "Standard object's metadata: name, identity, labels and the like.",
};
