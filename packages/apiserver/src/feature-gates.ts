import { parseBool } from '@coracle/api/meta/parse-bool';
import { version } from '@coracle/api/version';
import { type FlagValues, mapFlag, stringSliceFlag } from '@coracle/process/flags';
import { UsageError } from '@coracle/process/program';
import { gauges, scraped } from '@coracle/process/series';
import type { Registry as MetricsRegistry } from 'prom-client';

/** How far a feature has come, as metrics say it; empty: it is there for good. */
type Stage = 'ALPHA' | 'BETA' | 'DEPRECATED' | '';

interface Gate {
  readonly stage: Stage;
  readonly isOn: boolean;
  readonly isLocked: boolean;
}

/** The stage of features, whether they are on, whether they cannot even be otherwise in upstream's server, and their names at v1.36. */
const groups: readonly (readonly [Stage, isOn: boolean, isLocked: boolean, names: string])[] = [
  [
    '',
    true,
    true,
    `APIServerTracing AnonymousAuthConfigurableEndpoints AuthorizeNodeWithSelectors AuthorizeWithSelectors BtreeWatchCache
    CRDValidationRatcheting ConsistentListFromCache CustomResourceFieldSelectors DeclarativeValidation DynamicResourceAllocation
    InOrderInformers InPlacePodVerticalScaling JobBackoffLimitPerIndex JobManagedBy JobPodReplacementPolicy JobSuccessPolicy
    KubeletFineGrainedAuthz MultiCIDRServiceAllocator OrderedNamespaceDeletion PodLifecycleSleepAction
    PodLifecycleSleepActionAllowZero PodObservedGenerationTracking RecoverVolumeExpansionFailure RelaxedDNSSearchValidation
    RelaxedEnvironmentVariableValidation ResilientWatchCacheInitialization RetryGenerateName ServiceAccountTokenNodeBinding
    SidecarContainers StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf StructuredAuthenticationConfiguration
    SupplementalGroupsPolicy VolumeAttributesClass`,
  ],
  ['', true, false, 'InformerResourceVersion MutatingAdmissionPolicy'],
  [
    'BETA',
    true,
    false,
    `APIResponseCompression APIServerIdentity AllowParsingUserUIDFromCertAuth AtomicFIFO AuthorizePodWebsocketUpgradeCreatePermission
    CPUManagerPolicyBetaOptions CRDObservedGenerationTracking ClearingNominatedNodeNameAfterBinding ClientsAllowCARotation
    ClientsAllowTLSCacheGC ComponentFlagz ComponentStatusz ConstrainedImpersonation ContainerCheckpoint ContainerRestartRules
    ContextualLogging DRAConsumableCapacity DRADeviceBindingConditions DRADeviceTaints DRAExtendedResource DRAPartitionableDevices
    DRAResourceClaimDeviceStatus DRAResourceClaimGranularStatusAuthorization DRASchedulerFilterTimeout DeclarativeValidationBeta
    DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency EnvFiles ExtendWebSocketsToKubelet GracefulNodeShutdown
    GracefulNodeShutdownBasedOnPodPriority HPAConfigurableTolerance HostnameOverride InOrderInformersBatchProcess
    InPlacePodLevelResourcesVerticalScaling InPlacePodVerticalScalingInitContainers KubeletCrashLoopBackOffMax
    KubeletEnsureSecretPulledImages KubeletSeparateDiskGC KubeletServiceAccountTokenForCredentialProviders ListFromCacheSnapshot
    LoggingBetaOptions MatchLabelKeysInPodTopologySpread MatchLabelKeysInPodTopologySpreadSelectorMerge
    MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs NodeDeclaredFeatures
    NominatedNodeNameForExpectation OpenAPIEnums OpportunisticBatching PLEGOnDemandRelist PodDeletionCost PodLevelResources
    PodReadyToStartContainersCondition PodTopologyLabelsAdmission PortForwardWebsockets PreventStaticPodAPIReferences
    RelaxedServiceNameValidation ReloadKubeletClientCAFile ReloadKubeletServerCertificateFile RemoteRequestHeaderUID
    ResourceHealthStatus ResourceHealthStatusMessage RestartAllContainersOnContainerExits RotateKubeletServerCertificate
    SchedulerAsyncPreemption SchedulerPopFromBackoffQ ServiceAccountNodeAudienceRestriction SizeBasedListCostEstimate
    StaleControllerConsistencyDaemonSet StaleControllerConsistencyJob StaleControllerConsistencyReplicaSet
    StaleControllerConsistencyStatefulSet StatefulSetSemanticRevisionComparison StorageVersionHash StrictIPCIDRValidation
    StructuredAuthenticationConfigurationEgressSelector StructuredAuthenticationConfigurationJWKSMetrics
    TokenRequestServiceAccountUIDValidation TopologyManagerPolicyBetaOptions TranslateStreamCloseWebsocketRequests
    UnauthenticatedHTTP2DOSMitigation UnknownVersionInteroperabilityProxy UnlockWhileProcessingFIFO
    WatchCacheInitializationPostStartHook WatchList WatchListClient WindowsGracefulNodeShutdown`,
  ],
  [
    'BETA',
    false,
    false,
    `AllBeta ClusterTrustBundle ClusterTrustBundleProjection ConcurrentWatchObjectDecode CoordinatedLeaderElection DRADeviceTaintRules
    LocalStorageCapacityIsolationFSQuotaMonitoring MaxUnavailableStatefulSet PodCertificateRequest SELinuxMount SchedulerAsyncAPICalls
    StorageVersionMigrator`,
  ],
  [
    'ALPHA',
    false,
    false,
    `AllAlpha APIServingWithRoutine AllowUnsafeMalformedObjectDeletion CBORServingAndStorage CPUManagerPolicyAlphaOptions
    CRIListStreaming CSIVolumeHealth ClientsAllowCBOR ClientsPreferCBOR CloudControllerManagerWatchBasedRoutesReconciliation
    CloudControllerManagerWebhook ContainerStopSignals ControllerManagerReleaseLeaderElectionLockOnExit CrossNamespaceVolumeDataSource
    DRAListTypeAttributes DRANodeAllocatableResources DRAResourcePoolStatus DRAWorkloadResourceClaims EventedPLEG GangScheduling
    GenericWorkload HPAScaleToZero ImageVolumeWithDigest InPlacePodVerticalScalingExclusiveCPUs
    InPlacePodVerticalScalingExclusiveMemory KubeletInUserNamespace LoggingAlphaOptions ManifestBasedAdmissionControlConfig MemoryQoS
    MutablePVNodeAffinity NativeHistograms PersistentVolumeClaimUnusedSinceTime PodAndContainerStatsFromCRI PodLevelResourceManagers
    PodLogsQuerySplitStreams PodsAPI QOSReserved ReduceDefaultCrashLoopBackOffDecay RuntimeClassInImageCriApi ShardedListAndWatch
    StorageCapacityScoring StorageVersionAPI TaintTolerationComparisonOperators TopologyAwareWorkloadScheduling
    TopologyManagerPolicyAlphaOptions UserNamespacesHostNetworkSupport VolumeLimitScaling WindowsCPUAndMemoryAffinity
    WorkloadAwarePreemption WorkloadWithJob`,
  ],
  [
    'DEPRECATED',
    false,
    false,
    'AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests DeclarativeValidationTakeover KMSv1',
  ],
  ['DEPRECATED', false, true, 'SeparateCacheWatchRPC'],
  ['DEPRECATED', true, false, 'AllowServiceExternalIPs'],
  ['DEPRECATED', true, true, 'AggregatedDiscoveryRemoveBetaType'],
];

const gates: ReadonlyMap<string, Gate> = new Map(
  groups.flatMap(([stage, isOn, isLocked, names]) =>
    names.split(/\s+/).map((name) => [name, { stage, isOn, isLocked }] as const),
  ),
);

const group = 'features';
const own = `${version.major}.${version.minor}`;
/** The version before, as upstream has it by default. */
const before = `${version.major}.${Number(version.minor) - 1}`;

/** Flags that say which features there are. Every feature is at its default here, so they take that alone. */
export const featureFlags = {
  'feature-gates': mapFlag({
    group,
    help: `Features to turn on or off, NAME=true|false or kube:NAME=true|false. Each can only be what it is by default: ${[...gates].map(([name, { isOn }]) => `${name}=${isOn}`).join(', ')}.`,
  }),
  'emulated-version': stringSliceFlag({
    group,
    help: `Version whose features are there, VERSION or kube=VERSION: only ${own}.`,
  }),
  'min-compatibility-version': stringSliceFlag({
    group,
    help: `Oldest version of servers that this one goes together with, VERSION or kube=VERSION: only ${before}.`,
  }),
};

/** Throws a UsageError for gates and versions that are not known, in upstream's words, or cannot be had. */
export function checkFeatures(flags: FlagValues<typeof featureFlags>): void {
  for (const [key, text] of Object.entries(flags['feature-gates'])) checkGate(nameOf(key), text);
  checkVersion('emulated-version', flags['emulated-version'], own);
  checkVersion('min-compatibility-version', flags['min-compatibility-version'], before);
}

function checkVersion(flag: string, wanted: readonly string[], only: string): void {
  for (const each of wanted) {
    const equals = each.indexOf('=');
    if (equals >= 0) checkComponent(each.slice(0, equals));
    const asked = each.slice(equals + 1);
    if (asked !== only) throw new UsageError(`--${flag} ${asked}: only ${only} is supported`);
  }
}

function nameOf(key: string): string {
  const colon = key.indexOf(':');
  if (colon >= 0) checkComponent(key.slice(0, colon));
  return key.slice(colon + 1);
}

function checkComponent(name: string): void {
  if (name !== 'kube') throw new UsageError(`component not registered: ${name}`);
}

function checkGate(name: string, text: string): void {
  const gate = gates.get(name);
  if (!gate) throw new UsageError(`unrecognized feature gate: ${name}`);
  const { isOn, isLocked } = gate;
  const value = gateValue(name, text);
  // Said aloud, it speaks of all features of its stage, those that are on by default too.
  if (name === 'AllBeta') throw new UsageError(`cannot set feature gate ${name} to ${value}, it is not supported`);
  if (value === isOn) return;
  if (isLocked) throw new UsageError(`cannot set feature gate ${name} to ${value}, feature is locked to ${isOn}`);
  throw new UsageError(`cannot set feature gate ${name} to ${value}, only its default ${isOn} is supported`);
}

function gateValue(name: string, text: string): boolean {
  try {
    return parseBool(text);
  } catch (error) {
    throw new UsageError(`invalid value of ${name}=${text}, err: ${(error as Error).message}`);
  }
}

/** Shows what features there are, under upstream's name kubernetes_feature_enabled. */
export function observeFeatures(metrics: MetricsRegistry): void {
  scraped(metrics, {
    name: 'kubernetes_feature_enabled',
    help: 'Whether a feature is on (1) or off (0), by its name and stage.',
    labels: ['name', 'stage'],
    type: 'gauge',
    read: () => [...gates].map(([name, { stage, isOn }]) => ({ labels: { name, stage }, value: isOn ? 1 : 0 })),
  });
  const binary = `${version.major}.${version.minor}`;
  const emulation = `${version.emulationMajor}.${version.emulationMinor}`;
  const minCompat = `${version.minCompatibilityMajor}.${version.minCompatibilityMinor}`;
  const versions = gauges(metrics, {
    name: 'version_info',
    help: 'The versions whose behaviour the server has, in labels; the value is always 1.',
    labels: ['component', 'binary', 'emulation', 'min_compat'],
  });
  versions.of({ component: 'kube', binary, emulation, min_compat: minCompat }).inc();
}
