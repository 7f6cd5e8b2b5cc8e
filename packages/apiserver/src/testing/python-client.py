"""Uses an API server as programs written with the Kubernetes project's client for Python do; prints what it saw as one JSON object.

The argument is the server's URL. What it sees is compared in python-client.test.ts.
"""

import json
import sys
import threading

from kubernetes import client, dynamic, watch
from kubernetes.client.exceptions import ApiException

configuration = client.Configuration()
configuration.host = sys.argv[1]
api = client.ApiClient(configuration)
core = client.CoreV1Api(api)
apps = client.AppsV1Api(api)
seen = {}


def config_map(name, **data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"suite": "python"}), data=data)


def typed():
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="python")))
    made = core.create_namespaced_config_map("python", config_map("one", a="1"))
    seen["created"] = type(made.metadata.creation_timestamp).__name__
    patched = core.patch_namespaced_config_map("one", "python", {"data": {"b": "2"}})
    seen["patched"] = dict(patched.data)
    patched.data["c"] = "3"
    seen["replaced"] = core.replace_namespaced_config_map("one", "python", patched).data
    patched.metadata.resource_version = made.metadata.resource_version
    try:
        core.replace_namespaced_config_map("one", "python", patched)
    except ApiException as error:
        seen["conflict"] = [error.status, json.loads(error.body)["reason"]]
    try:
        core.read_namespaced_config_map("none", "python")
    except ApiException as error:
        seen["missing"] = [error.status, json.loads(error.body)["message"]]


def deployments():
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels={"app": "web"}),
        spec=client.V1PodSpec(containers=[client.V1Container(name="web", image="web:1")]),
    )
    spec = client.V1DeploymentSpec(
        replicas=2, selector=client.V1LabelSelector(match_labels={"app": "web"}), template=template
    )
    body = client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec)
    apps.create_namespaced_deployment("python", body)
    container = {"name": "web", "resources": {"limits": {"cpu": "500m"}}}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    patched = apps.patch_namespaced_deployment("web", "python", patch)
    seen["strategic"] = [[each.image, each.resources.limits] for each in patched.spec.template.spec.containers]
    apps.patch_namespaced_deployment_scale("web", "python", {"spec": {"replicas": 5}})
    seen["scaled"] = apps.read_namespaced_deployment_scale("web", "python").spec.replicas
    status = apps.delete_namespaced_deployment("web", "python", propagation_policy="Background")
    seen["deleted"] = status.status


def pages():
    for i in range(5):
        core.create_namespaced_config_map("python", config_map(f"page-{i}"))
    names, more = [], None
    while True:
        page = core.list_namespaced_config_map("python", label_selector="suite=python", limit=2, _continue=more)
        names.append([each.metadata.name for each in page.items])
        more = page.metadata._continue
        if not more:
            break
    seen["pages"] = names


def watching():
    start = core.list_namespaced_config_map("python").metadata.resource_version
    stream = watch.Watch().stream(
        core.list_namespaced_config_map, "python", resource_version=start, timeout_seconds=30
    )

    def changes():
        core.create_namespaced_config_map("python", config_map("watched", a="1"))
        core.patch_namespaced_config_map("watched", "python", {"data": {"a": "2"}})
        core.delete_namespaced_config_map("watched", "python")

    writer = threading.Thread(target=changes)
    writer.start()
    events = []
    for event in stream:
        events.append([event["type"], type(event["object"]).__name__, event["object"].data["a"]])
        if event["type"] == "DELETED":
            break
    writer.join()
    seen["watched"] = events


def by_discovery():
    """The dynamic client knows no kinds: it reads what the server says of them."""
    maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": "1"}}
    applied = maps.patch(
        body=json.dumps(body),
        name="applied",
        namespace="python",
        content_type="application/apply-patch+yaml",
        field_manager="python",
    )
    seen["applied"] = [[each.manager, each.operation] for each in applied.metadata.managedFields]
    kinds = dynamic.DynamicClient(api).resources.search(kind="Deployment")
    seen["found"] = sorted(each.group_version for each in kinds)


for step in (typed, deployments, pages, watching, by_discovery):
    step()
print(json.dumps(seen))
