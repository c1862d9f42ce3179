"""Clients generated from the description place an order, replay it, are refused with the figures, and cancel.

The tests install the generators once, beside the virtual environment, in folders named after the locks.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pyapp.describe import openapi
from pyapp.identity.tokens import mint_token
from tests import npm
from tests.http.conftest import Api

HERE = Path(__file__).parent
INSTALL_SECONDS_MAX = 150


def run(command: Sequence[str | Path], folder: Path, **environment: str) -> str:
    """The output of the command."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS_MAX,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def python() -> Path:
    """The bin folder of a virtual environment with openapi-python-client. Fails if the registry cannot be reached."""
    lock = (HERE / "requirements.txt").read_bytes()
    made = Path(sys.prefix) / "clients" / sha256(lock + sys.version.encode()).hexdigest()[:16]
    if not (made / "ready").exists():
        shutil.rmtree(made, ignore_errors=True)
        run([sys.executable, "-m", "venv", "--without-pip", made], HERE)
        install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", "requirements.txt"]
        run([sys.executable, "-m", "pip", "--python", made / "bin" / "python", *install], HERE)
        (made / "ready").touch()
    return made / "bin"


def check(api: Api, printed: str) -> None:
    seen: dict[str, Any] = json.loads(printed)
    order = api.client("admin").get(f"/v1/orders/{seen.pop('order_id')}").json()
    assert (order["status"], order["channel"]) == ("canceled", "web")
    available = api.client("admin").get("/v1/inventory/HOTSAUCE-001").json()["available"]
    assert seen == {
        "total": 38.97,
        "same": True,
        "replayed": "true",
        "refused": [409, "ST001", available - 3],
        "sold": 3,
        "status": "canceled",
    }


def token(api: Api) -> str:
    return mint_token(api.settings, "sales", channels=["web"])


def test_a_python_client_places_an_order(module_api: Api, python: Path, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_bytes(openapi.encoded())
    path = f"{python}{os.pathsep}{os.environ['PATH']}"  # the generator formats with ruff
    generate = ["generate", "--path", "openapi.json", "--output-path", "scoville_client", "--meta", "none"]
    said = run([python / "openapi-python-client", *generate], tmp_path, PATH=path)
    assert "WARNING" not in said, f"the generator skipped a part of the description\n{said}"
    shop: list[str | Path] = [python / "python", HERE / "shop.py", module_api.url, token(module_api)]
    check(module_api, run(shop, tmp_path, PYTHONPATH=str(tmp_path)))


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our shop and the types that openapi-typescript makes for it."""
    folder = tmp_path_factory.mktemp("typescript")
    packages = npm.install(HERE / "typescript") / "node_modules"
    (folder / "openapi.json").write_bytes(openapi.encoded())
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(packages)
    for name in ("shop.ts", "tsconfig.json"):
        shutil.copy(HERE / "typescript" / name, folder)
    run([npm.node(), packages / "openapi-typescript/bin/cli.js", "openapi.json", "-o", "schema.d.ts"], folder)
    return folder


def compile_types(folder: Path) -> None:
    run([npm.node(), "node_modules/typescript/bin/tsc", "--project", "."], folder, **npm.environment())


def test_a_typescript_client_places_an_order(module_api: Api, typescript: Path) -> None:
    compile_types(typescript)
    check(module_api, run([npm.node(), "shop.ts", module_api.url, token(module_api)], typescript, NO_COLOR="1"))


def test_the_types_would_notice_a_wrong_body(typescript: Path) -> None:
    shop = (typescript / "shop.ts").read_text()
    (typescript / "shop.ts").write_text(shop.replace("quantity, price", "amount: quantity, price"))
    with pytest.raises(AssertionError, match="amount"):
        compile_types(typescript)
    (typescript / "shop.ts").write_text(shop)
