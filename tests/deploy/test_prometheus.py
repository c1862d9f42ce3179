"""Alerts and dashboards as shipped: tested by promtool, and by a Prometheus that scrapes a running Scoville."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import websockets
import yaml

from pyapp import metrics
from pyapp.identity.tokens import mint_token
from pyapp.settings import Settings
from pyapp.worker.business import FIGURES
from tests.conftest import ROOT
from tests.deploy.conftest import KEY, run_command
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port
from tests.prepared import AUTHENTICATOR_PASSWORD

if TYPE_CHECKING:
    from tests.conftest import Server

DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
RUNBOOK = ROOT / "docs" / "how-to" / "runbook.md"
NAME = re.compile(r"\bscoville_\w+")
SUFFIX = re.compile(r"_(bucket|count|sum)$")


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not here: .ci/tools installs it for root")
    return path


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def expressions(path: Path) -> list[tuple[str, str]]:
    """The panel title and expression of every query."""
    panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", ())]


def known() -> set[str]:
    families = list(metrics.REGISTRY.collect())
    return {family.name + ("_total" if family.type == "counter" else "") for family in families} | {
        f"scoville_{name}" for name in FIGURES
    }


def used(text: str) -> set[str]:
    return {SUFFIX.sub("", name) for name in NAME.findall(text)}


@pytest.mark.parametrize(
    "arguments",
    [("check", "rules", "rules.yml"), ("check", "config", "prometheus.yml"), ("test", "rules", "rules_test.yml")],
    ids=" ".join,
)
def test_promtool_finds_nothing(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([program("promtool"), *arguments], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout + done.stderr


def test_every_alert_is_tried_and_has_its_page_in_the_runbook() -> None:
    tried = set(re.findall(r'alertname="(\w+)"', (RULES.parent / "rules_test.yml").read_text(encoding="utf-8")))
    assert {rule["alert"] for rule in alerts()} == tried
    text = RUNBOOK.read_text(encoding="utf-8")
    sections = {
        title.lower().replace(" ", "-"): body for title, body in re.findall(r"^## (.+)\n\n((?:(?!## ).*\n?)+)", text, re.M)
    }
    for rule in alerts():
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert ROOT / path == RUNBOOK
        assert f"`{rule['alert']}`" in sections[anchor]
        assert rule["labels"]["severity"] in ("page", "ticket", "info")
    named = set(re.findall(r"`(Scoville\w+)`", text))
    assert named == {rule["alert"] for rule in alerts()}


def test_alerts_and_dashboards_use_metrics_that_there_are() -> None:
    for rule in alerts():
        assert used(rule["expr"]) <= known()
    shown = {name for path in DASHBOARDS for _, expression in expressions(path) for name in used(expression)}
    assert shown == known()


class Hook(BaseHTTPRequestHandler):
    """A webhook receiver."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        challenge = self.headers.get("webhook-challenge", "").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(challenge)))
        self.end_headers()
        self.wfile.write(challenge)

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


@pytest.fixture(scope="module")
def prometheus(server: Server, module_clone: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """The API of a Prometheus that scrapes two API processes and a worker under load."""
    path = program("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    url = server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD)
    hook = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    with ExitStack() as stack:
        stack.callback(hook.server_close)
        stack.callback(hook.shutdown)
        threading.Thread(target=hook.serve_forever, daemon=True).start()
        given = {
            "DATABASE_URL": url,
            "SCOVILLE_JWT_KEY": KEY,
            "SCOVILLE_POOL_SIZE": "4",
            "SCOVILLE_WEBHOOK_ALLOW": f"127.0.0.1:{hook.server_port}",
        }
        api = stack.enter_context(run_command("serve", "--port", "0", "--workers", "2", **given))
        stop = threading.Event()
        busy = threading.Thread(target=keep_busy, args=(api, f"http://127.0.0.1:{hook.server_port}/hook", stop))
        busy.start()  # before the worker: its first figures must include orders, since the next follow 15 seconds later
        stack.callback(busy.join)
        stack.callback(stop.set)
        worker = stack.enter_context(run_command("worker", "--metrics-port", "0", **given)).removesuffix("/metrics")
        config = yaml.safe_load((RULES.parent / "prometheus.yml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        for scraped, target in zip(config["scrape_configs"], (api, worker), strict=True):
            scraped["static_configs"] = [{"targets": [target.removeprefix("http://")]}]
        shutil.copy(RULES, folder)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        port = free_port()
        command = [
            *(path, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"),
        ]
        process = stack.enter_context(subprocess.Popen(command, cwd=folder))
        stack.callback(process.terminate)
        client = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=PATIENCE_SECONDS))
        limit = time.monotonic() + PATIENCE_SECONDS
        while not is_ready(f"http://127.0.0.1:{port}/-/ready"):
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.1)
        yield client


def is_ready(url: str) -> bool:
    try:
        return httpx2.get(url).is_success
    except httpx2.TransportError:
        return False


def keep_busy(api: str, hook: str, stop: threading.Event) -> None:
    """Causes orders, refusals, reads, webhook deliveries and socket messages until `stop`."""
    token = mint_token(Settings(jwt_key=KEY), "admin")
    order = {"channel": "web", "customer": {"name": "Jane", "email": "jane@example.com", "address": "Here"}}

    async def main() -> None:
        headers = {"authorization": f"Bearer {token}"}
        socket = websockets.connect(f"{api.replace('http', 'ws', 1)}/v1/ws/inventory", additional_headers=headers, max_queue=None)
        async with httpx2.AsyncClient(base_url=api, headers=headers, timeout=PATIENCE_SECONDS) as client, socket as line:
            await line.send(json.dumps({"type": "subscribe"}))
            await client.post("/v1/webhooks", json={"url": hook, "event_types": ["order.*"]})
            number = 0
            while not stop.is_set():
                number += 1
                for quantity in (1, 10**6):
                    body = order | {"items": [{"sku_id": "HOTSAUCE-001", "quantity": quantity}]}
                    await client.post("/v1/orders", json=body, headers={"idempotency-key": f"{number}-{quantity}"})
                for _ in range(2):
                    await client.get("/v1/inventory/HOTSAUCE-001")
                await asyncio.sleep(0.1)

    asyncio.run(main())


def ask(prometheus: httpx2.Client, expression: str) -> list[Any]:
    """The samples of an expression, queried as a panel does. Raises AssertionError if the expression is invalid."""
    response = prometheus.get("/query", params={"query": expression.replace("$__rate_interval", "20s")})
    document = response.json()
    assert document["status"] == "success", f"{expression}: {document}"
    result: list[Any] = document["data"]["result"]
    return result


def test_every_query_of_the_dashboards_answers(prometheus: httpx2.Client) -> None:
    waiting = {
        f"{path.stem}: {title}: {expression}": expression for path in DASHBOARDS for title, expression in expressions(path)
    }
    limit = time.monotonic() + PATIENCE_SECONDS
    while waiting:
        for title, expression in list(waiting.items()):
            values = [sample["value"][1] for sample in ask(prometheus, expression)]
            if any(value != "NaN" for value in values):
                del waiting[title]
        assert time.monotonic() < limit or not waiting, "\n".join(waiting)
        time.sleep(0.5)


def test_prometheus_takes_both_targets_and_the_alerts(prometheus: httpx2.Client) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        targets = prometheus.get("/targets").json()["data"]["activeTargets"]
        if sorted((target["labels"]["job"], target["health"]) for target in targets) == [
            ("scoville-api", "up"),
            ("scoville-worker", "up"),
        ]:
            break
        assert time.monotonic() < limit, targets
        time.sleep(0.5)
    [processes] = ask(prometheus, 'scoville_processes{job="scoville-api"}')
    assert processes["value"][1] == "2"
    groups = prometheus.get("/rules").json()["data"]["groups"]
    health = {rule["name"]: (rule["health"], rule.get("lastError")) for group in groups for rule in group["rules"]}
    assert set(health) == {rule["alert"] for rule in alerts()}
    assert all(state != "err" for state, _ in health.values()), health
    found = prometheus.get("/alerts").json()["data"]["alerts"]
    assert [alert["labels"]["alertname"] for alert in found if alert["state"] == "firing"] == []


def test_grafana_is_told_where_its_files_are() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    [source] = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text(encoding="utf-8"))["datasources"]
    uids = set()
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        uids.add(dashboard["uid"])
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(ids)) == len(ids)
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": source["uid"]}
    assert uids == {"scoville-service", "scoville-business"}
    [provider] = yaml.safe_load((provisioning / "dashboards" / "scoville.yaml").read_text(encoding="utf-8"))["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards"
