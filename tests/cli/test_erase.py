"""`scoville erase`: forgets a person in every region, says what it did, and repeats a register after a restore."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from tests.cli.conftest import Demo, Done, run_here

LINE = [{"sku_id": "HOTSAUCE-001", "quantity": 1, "price": 5}]


def erase(demo: Demo, *arguments: str | Path) -> Done:
    return run_here("erase", *arguments, "--data-dir", demo.data_dir)


def record(demo: Demo, **customer: Any) -> str:
    """An order of the past, which is completed."""
    body = {"channel": "web", "customer": customer, "items": LINE, "historic": True, "created_at": "2024-06-01T00:00:00Z"}
    with demo.client() as client:
        answer = client.post("/v1/orders", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["order_id"])


def name_of(demo: Demo, order_id: str) -> str | None:
    with demo.client() as client:
        name: str | None = client.get(f"/v1/orders/{order_id}").json()["customer"]["name"]
    return name


def test_a_person_is_erased_and_a_second_time_does_nothing(demo: Demo, tmp_path: Path) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    order_id = record(demo, name="Jane Doe", email=email)
    dry = erase(demo, "customer", email, "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "Nothing was erased: this was a dry run.\n")
    assert f"orders         {order_id}\n" in dry.stdout
    assert name_of(demo, order_id) == "Jane Doe"

    done = erase(demo, "customer", email, "-o", "json")
    assert done.returncode == 0, done.stderr
    [told] = json.loads(done.stdout)
    assert told["orders"] == [order_id]
    assert name_of(demo, order_id) is None
    again = erase(demo, "customer", email)
    assert (again.returncode, "orders         none\n" in again.stdout) == (0, True)

    register = erase(demo, "register", "-o", "json")
    assert order_id in register.stdout
    assert email not in register.stdout
    assert str(told["erasure_id"]) in erase(demo, "register").stdout
    file = tmp_path / "register.json"
    entries = [*json.loads(register.stdout), {"orders": ["ORD-1-999999999"]}]
    late = record(demo, name="Jane Doe")  # as if a restore had brought it back
    file.write_text(json.dumps([*entries, {"orders": [late]}]), encoding="utf-8")
    repeated = erase(demo, "again", file)
    assert (repeated.returncode, repeated.stderr) == (0, "")
    assert repeated.stdout.startswith("1 orders erased again, of ")
    assert name_of(demo, late) is None


def test_orders_name_the_person_where_there_is_no_email(demo: Demo) -> None:
    order_id = record(demo, name="Jo")
    assert erase(demo, "customer", "--order", order_id).returncode == 0
    assert name_of(demo, order_id) is None


def test_what_cannot_be_done_is_said_in_one_line(demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "register.json"
    file.write_text('{"orders": 7}', encoding="utf-8")
    for arguments, code, words in (
        (["customer"], 2, "either by EMAIL or by --order"),
        (["customer", "a@example.com", "--order", "ORD-1-1001"], 2, "either by EMAIL or by --order"),
        (["customer", "--order", "ORD-1-1001", "--order", "ORD-2-1001"], 2, "several regions"),
        (["customer", "--order", "ORD-1-999999999"], 11, "does not exist"),
        (["again", str(file)], 2, "not a register of erasures"),
        (["again", str(tmp_path / "none.json")], 2, "not a register of erasures"),
    ):
        done = erase(demo, *arguments)
        assert (done.returncode, done.stdout) == (code, ""), done
        assert words in done.stderr
