import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import { scheme } from '@coracle/api/builtin';
import type { APIService } from '@coracle/api/types/apiregistration/v1';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Registry } from '../registry/registry.ts';
import type { Store } from '../storage/store.ts';
import { definitionOf, versionOf } from '../testing/definitions.ts';
import { eventually } from '../testing/expectations.ts';
import { ownStore } from '../testing/own-store.ts';
import { LocalRegistration } from './registration.ts';

const automanaged = 'kube-aggregator.kubernetes.io/automanaged';
const silent = { warn: () => undefined };

let store: Store;
let registry: Registry;
let registration: LocalRegistration;

/** A server on the store, until `stop`. */
const start = async () => {
  registry = new Registry({ store, scheme, log: silent });
  registration = new LocalRegistration(registry, { log: silent });
  registry.follow(registration);
  await registry.start();
};
const stop = () => registry.stop();

beforeEach(async () => {
  store = await ownStore();
  await start();
});
afterEach(async () => {
  await stop();
  await store.close();
});

const find = (name: string) => registry.cached(apiService, name);
const there = (name: string) => eventually(async () => find(name) !== undefined);
const gone = (name: string) => eventually(async () => find(name) === undefined);

it('makes an APIService of every group-version that is built in, available at once', async () => {
  await there('v1.apps');
  expect(find('v1.apps')).toMatchObject({
    metadata: { labels: { [automanaged]: 'onstart' } },
    spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 },
    status: {
      conditions: [
        { type: 'Available', status: 'True', reason: 'Local', message: 'Local APIServices are always available' },
      ],
    },
  });
  await there('v1.');
  expect(find('v1.')?.spec).toEqual({ version: 'v1', groupPriorityMinimum: 18_000, versionPriority: 1 });
  await there('v2.autoscaling');
  expect(find('v1.apiregistration.k8s.io')).toBeUndefined();
});

it('makes one of each group-version of definitions, and removes it with the last of them', async () => {
  const define = (kind: string) =>
    registry.create(
      customResourceDefinition,
      definitionOf(kind, [versionOf({}), { ...versionOf({}), name: 'v2', storage: false, served: false }]),
    );
  await define('Gadget');
  await define('Widget');
  await there('v1.example.com');
  expect(find('v1.example.com')).toMatchObject({
    metadata: { labels: { [automanaged]: 'true' } },
    spec: { groupPriorityMinimum: 1000, versionPriority: 100 },
  });
  expect(find('v2.example.com')).toBeUndefined();
  // It is kept while there is a definition.
  await registry.delete(apiService, 'v1.example.com');
  await there('v1.example.com');
  await registry.delete(customResourceDefinition, 'gadgets.example.com');
  await registry.delete(apiService, 'v1.example.com');
  await there('v1.example.com');
  await registry.delete(customResourceDefinition, 'widgets.example.com');
  await gone('v1.example.com');
});

it('leaves alone what lost the label, and makes what is built in anew at the next start only', async () => {
  await there('v1.batch');
  await registry.update(apiService, 'v1.batch', undefined, (it) => ({
    ...it,
    metadata: { ...it.metadata, labels: {} },
    spec: { ...it.spec, groupPriorityMinimum: 5 },
  }));
  await registry.update(apiService, 'v1.policy', undefined, (it) => ({
    ...it,
    spec: { ...it.spec, groupPriorityMinimum: 5 },
  }));
  await registry.delete(apiService, 'v1.apps');
  const old: APIService = {
    metadata: { name: 'v9.old.k8s.io', labels: { [automanaged]: 'onstart' } },
    spec: { group: 'old.k8s.io', version: 'v9', groupPriorityMinimum: 1, versionPriority: 1 },
  };
  await registry.create(apiService, old);
  await registry.fresh();
  expect([find('v1.apps'), find('v9.old.k8s.io')?.spec.version]).toEqual([undefined, 'v9']);

  await stop();
  await start();
  await there('v1.apps');
  await gone('v9.old.k8s.io');
  await eventually(async () => find('v1.policy')?.spec.groupPriorityMinimum === 17_100);
  expect(find('v1.batch')?.spec.groupPriorityMinimum).toBe(5);
});

it('is complete when every group-version that is built in has been seen available', async () => {
  const another = new LocalRegistration(registry, { log: silent });
  expect(() => another.check()).toThrow(/^missing APIService: \[v1\. v1\.admissionregistration\.k8s\.io .*v1\.apps /);
  const isComplete = async () => {
    try {
      registration.check();
      return true;
    } catch {
      return false;
    }
  };
  await eventually(isComplete);
});
