import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '@coracle/api/types/core/v1';
import { expand } from './expand.ts';
import { fieldRef, type PodFacts, resourceFieldRef } from './field-ref.ts';
import { serviceEnvironment } from './services.ts';

/** Where referenced objects come from. `undefined` stands for "there is no such object"; other failures throw. */
export interface ObjectSource {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}

export interface EnvironmentSources extends ObjectSource {
  services(): readonly Service[];
}

/** A container's environment cannot be made from its spec as the cluster stands; the text is what the user reads in the status. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/**
 * The environment of a container, in the order of its spec: `envFrom`, then `env` with `$(NAME)` expanded over what stands before,
 * and the Services' variables where the spec does not set them. Throws EnvironmentError with upstream's texts.
 */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
  facts: PodFacts,
): Promise<Map<string, string>> {
  const namespace = pod.metadata.namespace ?? '';
  const services = serviceEnvironment(sources.services(), namespace, pod.spec.enableServiceLinks ?? true);
  const result = new Map<string, string>();

  for (const from of container.envFrom ?? []) {
    const reference = from.configMapRef ?? from.secretRef;
    const name = reference?.name ?? '';
    const object = from.configMapRef ? await sources.configMap(namespace, name) : await sources.secret(namespace, name);
    if (!object) {
      if (reference?.optional) continue;
      throw new EnvironmentError(`${from.configMapRef ? 'configmap' : 'secret'} "${name}" not found`);
    }
    for (const [key, value] of Object.entries(object.data ?? {})) {
      result.set(`${from.prefix ?? ''}${key}`, from.secretRef ? decode(value) : value);
    }
  }

  for (const variable of container.env ?? []) {
    const value = await variableValue(
      variable,
      pod,
      container,
      sources,
      facts,
      (name) => result.get(name) ?? services[name],
    );
    if (value !== undefined) result.set(variable.name, value);
  }
  for (const [name, value] of Object.entries(services)) if (!result.has(name)) result.set(name, value);
  return result;
}

async function variableValue(
  variable: EnvVar,
  pod: Pod,
  container: Container,
  sources: ObjectSource,
  facts: PodFacts,
  lookup: (name: string) => string | undefined,
): Promise<string | undefined> {
  const { valueFrom } = variable;
  if (!valueFrom) return variable.value ? expand(variable.value, lookup) : (variable.value ?? '');
  const namespace = pod.metadata.namespace ?? '';
  if (valueFrom.fieldRef) return refused(() => fieldRef(valueFrom.fieldRef!, pod, facts));
  if (valueFrom.resourceFieldRef) {
    const selector = valueFrom.resourceFieldRef;
    const target = selector.containerName
      ? [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
          (each) => each.name === selector.containerName,
        )
      : container;
    if (!target) throw new EnvironmentError(`container "${selector.containerName}" not found`);
    return refused(() => resourceFieldRef(selector, target, facts));
  }
  if (valueFrom.configMapKeyRef) {
    const { name = '', key, optional } = valueFrom.configMapKeyRef;
    const object = await sources.configMap(namespace, name);
    if (!object && !optional) throw new EnvironmentError(`configmap "${name}" not found`);
    const value = object?.data?.[key];
    if (value === undefined && !optional)
      throw new EnvironmentError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return value;
  }
  if (valueFrom.secretKeyRef) {
    const { name = '', key, optional } = valueFrom.secretKeyRef;
    const object = await sources.secret(namespace, name);
    if (!object && !optional) throw new EnvironmentError(`secret "${name}" not found`);
    const value = object?.data?.[key];
    if (value === undefined && !optional)
      throw new EnvironmentError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return value === undefined ? undefined : decode(value);
  }
  throw new EnvironmentError(`environment variable "${variable.name}": valueFrom.fileKeyRef is not supported`);
}

function refused<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new EnvironmentError((error as Error).message);
  }
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
