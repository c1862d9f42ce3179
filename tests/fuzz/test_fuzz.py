"""schemathesis with all of its checks, over the whole description, as each role, on a server with stock.

The suite runs a short form with a fixed seed; `make fuzz` runs a long form with a random seed. Both print how to repeat the run.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyapp.api.table import ROUTES
from pyapp.describe import openapi
from pyapp.identity.tokens import ROLES, Role, mint_token
from tests.http.conftest import Api, stock_up

HERE = Path(__file__).parent
LONG = os.environ.get("SCOVILLE_FUZZ") == "long"
SEED = int(os.environ.get("SCOVILLE_FUZZ_SEED") or (random.randrange(2**32) if LONG else 2912))
EXAMPLES = int(os.environ.get("SCOVILLE_FUZZ_EXAMPLES") or (200 if LONG else 1))  # per operation and role
SECONDS_MAX = 4 * 3600 if LONG else 900  # of a run: a machine may be slow or busy
# The documentation's tests send the examples, too.
LIMITS = "examples,coverage" if LONG else "coverage"
CLAIMS: dict[Role, dict[str, Any]] = {
    "admin": {},
    "warehouse": {"warehouses": ["WH-01"]},
    "sales": {"channels": ["web"]},
    "integration": {"channels": ["web"]},
}


def closed() -> dict[str, Any]:
    """The description with closed schemas: a response may contain only the listed members."""
    document: dict[str, Any] = json.loads(openapi.encoded())
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return document


def share_of(role: Role) -> list[str]:
    """The operations whose limits are all tested as this role. In a long run: all. In a short run: a third of those with a body
    and an eighth of the others, spread over the permitted roles."""
    with_body, others = ([route for route in ROUTES if bool(route.body) is wanted] for wanted in (True, False))
    turns = ROUTES if LONG else [*with_body[::3], *others[::8]]
    mine = ((route, route.roles or ROLES) for route in turns)
    return [route.operation_id for turn, (route, roles) in enumerate(mine) if LONG or roles[turn % len(roles)] == role]


@pytest.mark.timeout(2 * SECONDS_MAX + 60)
@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_sent_the_answer_is_one_that_is_described(api: Api, role: Role, tmp_path: Path) -> None:
    stock_up(api.client("admin"))
    (tmp_path / "openapi.json").write_text(json.dumps(closed()))
    print(f"seed {SEED}, {EXAMPLES} examples: set SCOVILLE_FUZZ_SEED and SCOVILLE_FUZZ_EXAMPLES to repeat")
    only = [argument for name in share_of(role) for argument in ("--include-operation-id", name)]
    every = [LIMITS, *only], ["fuzzing,stateful", "--max-examples", str(EXAMPLES)]
    # Most of a short run is the tool's startup, so only the admin tries all operations, and follows their links.
    short = [f"{LIMITS},fuzzing", "--max-examples", str(EXAMPLES), *only]
    for phases in every if LONG or role == "admin" else (short,):
        done = run(api, role, tmp_path, "--phases", *phases)
        print(done.stdout[-20_000:])
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]


def test_what_the_description_does_not_say_would_be_found(shared_api: Api, tmp_path: Path) -> None:
    document = closed()
    inventory = document["paths"]["/v1/inventory"]["get"]
    next(item for item in inventory["parameters"] if item["name"] == "limit")["schema"]["maximum"] = 500
    document["components"]["schemas"]["Inventory"]["properties"]["stock"]["type"] = "string"
    del inventory["responses"]["400"]
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    only = ("--phases", "coverage", "--include-operation-id", inventory["operationId"])
    done = run(shared_api, "admin", tmp_path, *only)
    assert done.returncode == 1
    for finding in ("Undocumented status code", "Response violates schema", "`well_formed_is_read`", "`code_is_listed`"):
        assert finding in done.stdout, done.stdout


def run(api: Api, role: Role, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run", "openapi.json"]
    command += ["--url", api.url, "--checks", "all", "--seed", str(SEED), "--continue-on-failure", "--no-color"]
    # Deleting releases, retires or revokes a record; the record remains readable.
    command += ["--exclude-checks", "use_after_free"]
    # One worker: threads share hypothesis' caches and sometimes collide (an error, not a finding).
    # Health checks judge this machine's speed, not the API.
    command += ["--workers", "1", "--suppress-health-check", "all"]
    environment = {
        **os.environ,
        "SCOVILLE_FUZZ_TOKEN": mint_token(api.settings, role, seconds=3 * SECONDS_MAX, **CLAIMS[role]),
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
    }
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, timeout=SECONDS_MAX, capture_output=True, text=True, check=False
    )
