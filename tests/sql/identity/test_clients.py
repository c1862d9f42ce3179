"""API clients: tokens, their rights, and their revocation."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import AsRole

SHOP = {"client_id": "shop", "name": "Web shop", "role": "integration", "channels": ["web"]}
Call = "Callable[..., tuple[str | None, dict[str, Any]]]"


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@pytest.fixture
def call(as_role: AsRole) -> Callable[..., tuple[str | None, dict[str, Any]]]:
    """`call("create_clients", SHOP, secret="one")`, as an admin in a transaction of its own: the code and the body."""
    with as_role("admin") as c:
        warehouses = [{"warehouse_id": "WH-01"}, {"warehouse_id": "WH-02"}]
        c.execute("select * from api.save_warehouses(%s)", [json.dumps(warehouses)])
        c.execute("select * from api.save_channels(%s)", [json.dumps([{"channel_id": "web"}, {"channel_id": "pos"}])])

    def run(
        function: str, element: dict[str, Any], *, secret: str | None = None, at: str | None = None
    ) -> tuple[str | None, dict[str, Any]]:
        added = {"secret_hash": digest(secret).hex()} if secret else {}
        with as_role("admin", sub="boss", request_id="r-1") as c:
            if at:
                c.execute("select set_config('scoville.now', %s, true)", [at])
            row = c.execute(f"select code, body from api.{function}(%s)", [json.dumps([element | added])]).fetchone()
        assert row
        return row[0], row[1]

    return run


@pytest.fixture
def login(authenticator_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The API's login, before a caller is authenticated."""
    with psycopg.connect(authenticator_url, autocommit=True) as connection:
        yield connection


def token(login: psycopg.Connection[Any], client_id: str, secret: str, scope: str | None = None) -> Any:
    """The claims of the token, or the error."""
    row = login.execute("select error, body from api.issue_token(%s, %s, %s)", [client_id, digest(secret), scope]).fetchone()
    assert row
    assert (row[0] is None) != (row[1] is None)
    return row[0] or row[1]


def is_good(login: psycopg.Connection[Any], said: dict[str, Any]) -> bool:
    row = login.execute("select api.check_grant(%s, %s)", [said["client_id"], said["grant"]]).fetchone()
    assert row
    return bool(row[0])


def test_a_client_is_made_with_its_role_and_scope_and_gets_a_token_that_says_so(call: Any, login: Any) -> None:
    code, body = call("create_clients", SHOP, secret="one")
    assert code is None
    assert {name: body[name] for name in ("client_id", "name", "role", "region_id", "warehouses", "channels", "active")} == {
        **SHOP,
        "region_id": 1,
        "warehouses": [],
        "active": True,
    }
    assert token(login, "shop", "one") == {
        "client_id": "shop",
        "role": "integration",
        "region": 1,
        "warehouses": [],
        "channels": ["web"],
        "grant": 1,
    }


def test_a_client_without_an_id_is_given_one(call: Any) -> None:
    ids = {call("create_clients", {"name": "x", "role": "admin"}, secret="s")[1]["client_id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(client_id.startswith("client-") for client_id in ids)


def test_a_client_is_made_once(call: Any, login: Any) -> None:
    call("create_clients", SHOP, secret="one")
    code, body = call("create_clients", SHOP | {"role": "admin", "channels": []}, secret="two")
    assert (code, body["errors"][0]["pointer"]) == ("ID005", "/client_id")
    assert token(login, "shop", "two") == "invalid_client"
    assert token(login, "shop", "one")["role"] == "integration"


SCOPE_FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"region_id": 9}, "VA001", "/region_id"),
    ({"channels": []}, "ID006", "/channels"),
    ({"role": "sales", "channels": []}, "ID006", "/channels"),
    ({"role": "admin"}, "ID006", "/channels"),
    ({"role": "warehouse", "channels": []}, "ID006", "/warehouses"),
    ({"role": "warehouse", "warehouses": ["WH-01"]}, "ID006", "/channels"),
    ({"warehouses": ["WH-01"]}, "ID006", "/warehouses"),
    ({"role": "admin", "channels": [], "warehouses": ["WH-01"]}, "ID006", "/warehouses"),
    ({"channels": ["web", "nowhere"]}, "OR008", "/channels/1"),
    ({"role": "warehouse", "channels": [], "warehouses": ["WH-01", "WH-99"]}, "ST003", "/warehouses/1"),
    ({"channels": ["w" * 60 + str(n) for n in range(100)]}, "ID006", ""),
]


def test_role_and_scope_must_fit_and_exist(call: Any, connection: psycopg.Connection[Any]) -> None:
    call("create_clients", SHOP, secret="one")
    for change, code, pointer in SCOPE_FAULTS:
        refused, body = call("create_clients", SHOP | {"client_id": "new"} | change, secret="one")
        assert (refused, body["errors"][0]["pointer"]) == (code, pointer), change
        refused, body = call("change_clients", {"client_id": "shop"} | change)
        assert (refused, body["errors"][0]["pointer"]) == (code, pointer), change
    found = connection.execute("select client_id, role, channels, version from identity.clients").fetchall()
    assert found == [("shop", "integration", ["web"], 1)]


def test_no_client_is_called_like_a_part_of_scoville(call: Any) -> None:
    """The subjects of all components, as the code names them."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pyapp").rglob("*.py"))
    names = {*re.findall(r'Component\("(?:scoville_worker|admin)", "([a-z]+)"', text), "system", "psql"}
    assert len(names) >= 10
    for name in names:
        refused, body = call("create_clients", SHOP | {"client_id": name.title()}, secret="one")
        assert (refused, body["errors"][0]["pointer"]) == ("VA001", "/client_id"), name


def test_the_table_itself_keeps_role_and_scope_together(call: Any, connection: psycopg.Connection[Any]) -> None:
    for role, warehouses, channels in [("admin", "{WH-01}", "{}"), ("warehouse", "{}", "{}"), ("sales", "{}", "{}")]:
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "insert into identity.clients (client_id, name, role, region_id, warehouses, channels)"
                " values ('c', 'c', %s, 1, %s, %s)",
                [role, warehouses, channels],
            )


def test_unknown_inactive_and_wrong_are_told_apart_by_nobody(call: Any, login: Any) -> None:
    call("create_clients", SHOP, secret="one")
    call("create_clients", SHOP | {"client_id": "off", "active": False}, secret="one")
    for client_id, secret in [("shop", "two"), ("nobody", "one"), ("off", "one"), ("shop", ""), ("", "one")]:
        assert token(login, client_id, secret) == "invalid_client"
        assert token(login, client_id, secret, "admin") == "invalid_client"


def test_a_token_is_asked_for_with_the_role_of_the_client_or_without_a_scope(call: Any, login: Any) -> None:
    call("create_clients", SHOP, secret="one")
    assert token(login, "shop", "one", "integration")["role"] == "integration"
    assert token(login, "shop", "one", "admin") == "invalid_scope"


def test_after_a_rotation_both_secrets_work_until_the_overlap_ends(call: Any, login: Any) -> None:
    call("create_clients", SHOP, secret="one", at="2024-06-01T00:00:00Z")
    code, body = call("rotate_secrets", {"client_id": "shop", "overlap_seconds": 60}, secret="two", at="2024-06-02T00:00:00Z")
    assert code is None
    assert body["secrets"] == [
        {"created_at": "2024-06-01T00:00:00.000Z", "expires_at": "2024-06-02T00:01:00.000Z"},
        {"created_at": "2024-06-02T00:00:00.000Z", "expires_at": None},
    ]
    for now, good in [("2024-06-02T00:00:59Z", True), ("2024-06-02T00:01:00Z", False)]:
        login.execute("select set_config('scoville.now', %s, false)", [now])
        assert (token(login, "shop", "one") != "invalid_client") is good
        assert token(login, "shop", "two")["client_id"] == "shop"


def test_the_overlap_is_a_day_unless_said_otherwise(call: Any) -> None:
    call("create_clients", SHOP, secret="one")
    _, body = call("rotate_secrets", {"client_id": "shop"}, secret="two", at="2034-06-01T00:00:00Z")
    assert body["secrets"][0]["expires_at"] == "2034-06-02T00:00:00.000Z"
    _, body = call("rotate_secrets", {"client_id": "shop", "overlap_seconds": 0}, secret="three")
    assert [secret["expires_at"] for secret in body["secrets"]] == [None]


def test_of_three_secrets_the_oldest_gives_way(call: Any, login: Any, connection: psycopg.Connection[Any]) -> None:
    call("create_clients", SHOP, secret="one")
    for secret, alive in [("two", {"one", "two"}), ("three", {"two", "three"}), ("four", {"three", "four"})]:
        assert call("rotate_secrets", {"client_id": "shop"}, secret=secret)[0] is None
        found = {name for name in ("one", "two", "three", "four") if token(login, "shop", name) != "invalid_client"}
        assert found == alive
    assert connection.execute("select count(*) from identity.client_secrets").fetchone() == (2,)


def test_a_rotation_leaves_tokens_as_they_are(call: Any, login: Any) -> None:
    call("create_clients", SHOP, secret="one")
    said = token(login, "shop", "one")
    call("rotate_secrets", {"client_id": "shop", "overlap_seconds": 0}, secret="two")
    assert is_good(login, said)


def test_a_token_is_good_until_its_client_may_do_something_else(call: Any, login: Any) -> None:
    changes: list[tuple[dict[str, Any], bool]] = [
        ({"name": "Another"}, True),
        ({"channels": ["web"]}, True),
        ({"channels": ["web", "pos"]}, False),
        ({"role": "sales"}, False),
        ({"active": False}, False),
    ]
    for number, (change, good) in enumerate(changes):
        client_id = f"shop-{number}"
        call("create_clients", SHOP | {"client_id": client_id}, secret="one")
        said = token(login, client_id, "one")
        assert is_good(login, said)
        assert call("change_clients", {"client_id": client_id, **change})[0] is None
        assert is_good(login, said) is good, change


def test_a_client_that_was_paused_by_hand_has_no_good_tokens(call: Any, login: Any, connection: psycopg.Connection[Any]) -> None:
    call("create_clients", SHOP, secret="one")
    said = token(login, "shop", "one")
    connection.execute("update identity.clients set active = false")  # as a hurried database administrator might
    assert not is_good(login, said)


def test_what_is_taken_away_and_given_back_wants_a_new_token(call: Any, login: Any) -> None:
    call("create_clients", SHOP, secret="one")
    said = token(login, "shop", "one")
    for active in (False, True):
        call("change_clients", {"client_id": "shop", "active": active})
    assert not is_good(login, said)
    assert is_good(login, token(login, "shop", "one"))


def test_a_change_leaves_alone_what_is_not_given(call: Any) -> None:
    call("create_clients", SHOP, secret="one")
    _, body = call("change_clients", {"client_id": "shop", "name": "Renamed", "channels": None})
    assert (body["name"], body["role"], body["channels"], body["version"]) == ("Renamed", "integration", ["web"], 2)


def test_a_revoked_client_has_neither_secrets_nor_good_tokens(call: Any, login: Any) -> None:
    call("create_clients", SHOP, secret="one")
    call("rotate_secrets", {"client_id": "shop"}, secret="two")
    said = token(login, "shop", "one")
    code, body = call("revoke_clients", {"client_id": "shop"})
    assert (code, body["active"], body["secrets"]) == (None, False, [])
    assert {token(login, "shop", secret) for secret in ("one", "two")} == {"invalid_client"}
    assert not is_good(login, said)
    # A second revocation has no effect. A reactivated client has no secret until it gets a new one.
    assert call("revoke_clients", {"client_id": "shop"}) == (None, body)
    assert call("rotate_secrets", {"client_id": "shop"}, secret="three")[0] == "ID007"
    call("change_clients", {"client_id": "shop", "active": True})
    assert {token(login, "shop", secret) for secret in ("one", "two", "three")} == {"invalid_client"}
    assert call("rotate_secrets", {"client_id": "shop"}, secret="three")[0] is None
    assert token(login, "shop", "three")["client_id"] == "shop"
    assert not is_good(login, said)


def test_who_decided_on_another_version_is_refused(call: Any) -> None:
    for function in ("change_clients", "revoke_clients", "rotate_secrets"):
        call("create_clients", SHOP | {"client_id": function}, secret="one")
        assert call(function, {"client_id": function, "if_match": "2"}, secret="two")[0] == "ST009"
        assert call(function, {"client_id": function, "if_match": "1"}, secret="two")[0] is None
        assert call(function, {"client_id": function, "if_match": "1"}, secret="two")[0] == "ST009"
        assert call(function, {"client_id": "nobody"}, secret="two")[0] == "ID004"


def test_the_audit_tells_who_did_what_and_holds_no_secret(call: Any, connection: psycopg.Connection[Any]) -> None:
    call("create_clients", SHOP, secret="one")
    call("change_clients", {"client_id": "shop", "name": "Renamed"})
    call("rotate_secrets", {"client_id": "shop"}, secret="two")
    call("revoke_clients", {"client_id": "shop"})
    rows = connection.execute("""
        select action, reason, actor, request_id, old ->> 'name', new ->> 'name', new ->> 'active', audit_log::text
          from audit.audit_log where table_name = 'identity.clients' and row_key = 'shop' order by audit_id""").fetchall()
    assert [row[:7] for row in rows] == [
        ("insert", None, "boss", "r-1", None, "Web shop", "true"),
        ("update", None, "boss", "r-1", "Web shop", "Renamed", None),
        ("update", "secret rotated", "boss", "r-1", None, None, None),
        ("update", "revoked", "boss", "r-1", None, None, "false"),
    ]
    written = "".join(row[7] for row in rows)
    assert not [secret for secret in ("one", "two") if digest(secret).hex() in written]
    assert "hash" not in written


def test_clients_are_listed_in_pages_and_found_by_name_role_and_state(call: Any, as_role: AsRole) -> None:
    for number in range(5):
        call("create_clients", SHOP | {"client_id": f"shop-{number}", "name": f"Shop {number}"}, secret="s")
    call("create_clients", {"client_id": "boss", "name": "Anna", "role": "admin"}, secret="s")
    call("revoke_clients", {"client_id": "shop-3"})

    def page(filters: dict[str, Any], cursor: str | None = None, limit: int = 10) -> tuple[list[str], str | None]:
        with as_role("admin") as c:
            row = c.execute("select * from api.list_clients(%s, %s, %s)", [json.dumps(filters), cursor, limit]).fetchone()
        assert row
        assert row[0]["next_cursor"] == row[1]
        return [client["client_id"] for client in row[0]["data"]], row[1]

    seen, cursor = page({}, limit=4)
    rest, end = page({}, cursor, 4)
    assert (seen + rest, end) == (["boss", "shop-0", "shop-1", "shop-2", "shop-3", "shop-4"], None)
    assert page({"q": "ANN"})[0] == ["boss"]
    assert page({"q": "shop-1"})[0] == ["shop-1"]
    assert page({"role": "admin"})[0] == ["boss"]
    assert page({"active": "false"})[0] == ["shop-3"]


def test_the_hash_of_a_secret_can_be_read_by_no_role(call: Any, connection: psycopg.Connection[Any]) -> None:
    call("create_clients", SHOP, secret="one")
    for role in ("admin", "warehouse", "sales", "integration", "scoville_worker", "bi_reader", "authenticator"):
        with connection.transaction(force_rollback=True):
            connection.execute(f"set local role {role}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select secret_hash from identity.client_secrets")


def test_only_an_admin_writes_clients_even_from_inside_the_definer(call: Any, connection: psycopg.Connection[Any]) -> None:
    call("create_clients", SHOP, secret="one")
    with connection.transaction(force_rollback=True):
        connection.execute("set local role scoville_definer")
        assert connection.execute("update identity.clients set role = 'admin', channels = '{}'").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("insert into identity.clients (client_id, name, role, region_id) values ('x', 'x', 'admin', 1)")


def test_two_rotations_at_once_leave_two_secrets(call: Any, login: Any, connection: psycopg.Connection[Any]) -> None:
    call("create_clients", SHOP, secret="one")
    done: list[str | None] = []
    threads = [
        threading.Thread(target=lambda n=n: done.append(call("rotate_secrets", {"client_id": "shop"}, secret=f"new {n}")[0]))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [None] * 8
    row = connection.execute(
        "select count(*), count(*) filter (where expires_at is null) from identity.client_secrets"
    ).fetchone()
    assert row == (2, 1)
    assert sum(token(login, "shop", f"new {n}") != "invalid_client" for n in range(8)) == 2
