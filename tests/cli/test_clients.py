"""`scoville clients`: calls the API; the secret appears on standard output and nowhere else."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import httpx2

from tests.cli.conftest import Demo, Scoville, assert_one_clear_line

if TYPE_CHECKING:
    import subprocess

FORM = {"grant_type": "client_credentials"}


def clients(scoville: Scoville, demo: Demo, *arguments: str) -> subprocess.CompletedProcess[str]:
    return scoville("clients", *arguments, "--data-dir", demo.data_dir)


def token_status(demo: Demo, client_id: str, secret: str) -> int:
    return httpx2.post(f"{demo.url}/v1/oauth/token", data=FORM, auth=(client_id, secret)).status_code


def test_a_client_comes_gets_another_secret_and_goes(scoville: Scoville, demo: Demo) -> None:
    client_id = f"till-{uuid.uuid4().hex[:8]}"
    added = clients(scoville, demo, "add", client_id, "--role", "sales", "--channel", "pos", "--channel", "web", "-o", "json")
    assert (added.returncode, added.stderr) == (0, "")
    made = json.loads(added.stdout)
    assert (made["client_id"], made["name"], made["channels"]) == (client_id, client_id, ["pos", "web"])
    assert token_status(demo, client_id, made["client_secret"]) == 200

    rotated = clients(scoville, demo, "rotate", client_id, "--overlap", "0")
    fields = dict(line.split(maxsplit=1) for line in rotated.stdout.splitlines())
    assert (fields["client_id"], fields["scope"], fields["secrets"]) == (client_id, "pos, web", "1")
    assert rotated.stderr == "The secret is shown only once: store it now.\n"
    assert token_status(demo, client_id, made["client_secret"]) == 401
    assert token_status(demo, client_id, fields["client_secret"]) == 200

    assert clients(scoville, demo, "revoke", client_id).returncode == 0
    assert token_status(demo, client_id, fields["client_secret"]) == 401
    gone = json.loads(clients(scoville, demo, "list", "--inactive", "--role", "sales", "-o", "json").stdout)
    assert client_id in [client["client_id"] for client in gone]
    table = clients(scoville, demo, "list").stdout
    assert table.startswith("client_id ")
    assert client_id in table
    assert "scs_" not in table
    with demo.client() as admin:
        audit = admin.get(f"/v1/audit?table=identity.clients&key={client_id}").json()["data"]
    assert [row["actor"] for row in audit] == ["clients"] * 3


def test_a_name_is_nothing_that_a_terminal_obeys(scoville: Scoville, demo: Demo) -> None:
    client_id, name = f"till-{uuid.uuid4().hex[:8]}", "\x1b]0;mine\x07\x1b[2JTill\x9b31m"
    added = clients(scoville, demo, "add", client_id, "--role", "sales", "--channel", "web", "--name", name)
    table = clients(scoville, demo, "list").stdout
    for said in (added.stdout, table):
        assert "?]0;mine??[2JTill?31m" in said
        assert all(character.isprintable() or character == "\n" for character in said)
    listed = json.loads(clients(scoville, demo, "list", "-o", "json").stdout)
    assert name in [client["name"] for client in listed]  # JSON keeps the name unchanged


def test_what_the_api_refuses_is_one_line_with_the_field(scoville: Scoville, demo: Demo) -> None:
    done = clients(scoville, demo, "add", "x", "--role", "warehouse", "--warehouse", "WH-77")
    assert_one_clear_line(done, 11, "ST003", "warehouses/0", "WH-77")
    assert_one_clear_line(clients(scoville, demo, "revoke", "nobody"), 11, "ID004", "nobody")


def test_without_a_name_an_api_or_a_good_token_it_says_what_to_do(scoville: Scoville, demo: Demo) -> None:
    assert_one_clear_line(clients(scoville, demo, "add", "--role", "admin"), 2, "--name")
    assert_one_clear_line(scoville("clients", "list"), 4, "scoville demo", "--url")
    assert_one_clear_line(scoville("clients", "list", "--url", "http://127.0.0.1:1", "--token", "x"), 10, "--url")
    assert_one_clear_line(scoville("clients", "list", "--url", demo.url, "--token", demo.token("sales")), 10, "--token")
