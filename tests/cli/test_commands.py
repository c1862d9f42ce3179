"""Tokens, and one clear line and a distinct exit code for each external error."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import weakref
from typing import TYPE_CHECKING

import jwt
import pytest

from pyapp import __version__
from pyapp.cli.api import find
from pyapp.cli.context import uninterrupted
from pyapp.failures import Exit, Failure
from pyapp.settings import Settings
from tests.cli.conftest import COMMAND, Demo, Scoville, assert_one_clear_line, environment
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "0123456789abcdef" * 2
NOWHERE = "postgresql://authenticator@127.0.0.1:1/scoville"


def claims(token: str) -> dict[str, object]:
    return dict(jwt.decode(token, KEY, algorithms=["HS256"], audience="scoville-api"))


@pytest.mark.parametrize(
    ("role", "warehouses", "channels"),
    [("admin", [], []), ("warehouse", ["WH-01"], []), ("sales", [], ["web"]), ("integration", [], ["web"])],
)
def test_token_prints_the_token_and_nothing_else(
    scoville: Scoville, role: str, warehouses: list[str], channels: list[str]
) -> None:
    done = scoville("token", "--role", role, SCOVILLE_JWT_KEY=KEY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    found = claims(done.stdout.strip())
    assert (found["role"], found["sub"], found["warehouses"], found["channels"]) == (role, role, warehouses, channels)


def test_token_takes_scope_subject_region_and_time(scoville: Scoville) -> None:
    done = scoville(
        *[
            "token",
            "--role",
            "warehouse",
            "--warehouse",
            "WH-02",
            "--warehouse",
            "WH-03",
            "--region",
            "2",
            "--subject",
            "kim",
            "--ttl",
            "15m",
        ],
        SCOVILLE_JWT_KEY=KEY,
    )
    found = claims(done.stdout.strip())
    assert (found["warehouses"], found["region"], found["sub"]) == (["WH-02", "WH-03"], 2, "kim")
    assert int(str(found["exp"])) - int(str(found["iat"])) == 900


def test_token_finds_the_key_of_the_demo(scoville: Scoville, demo: Demo) -> None:
    done = scoville("token", "--role", "admin", "--data-dir", demo.data_dir)
    key = (demo.data_dir / "jwt.key").read_text()
    assert jwt.decode(done.stdout.strip(), key, algorithms=["HS256"], audience="scoville-api")["role"] == "admin"


def test_token_without_a_key_says_what_to_do(scoville: Scoville) -> None:
    assert_one_clear_line(scoville("token", "--role", "admin"), 4, "SCOVILLE_JWT_KEY", "--data-dir")


@pytest.mark.parametrize("ttl", ["soon", "0h", "-1h", "9999d"])
def test_token_refuses_a_time_that_is_none(scoville: Scoville, ttl: str) -> None:
    assert_one_clear_line(scoville("token", "--role", "admin", f"--ttl={ttl}", SCOVILLE_JWT_KEY=KEY), 2, "--ttl")


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "verify"])
def test_a_database_that_does_not_answer_is_named(scoville: Scoville, command: str) -> None:
    assert_one_clear_line(scoville(command, DATABASE_URL=NOWHERE, SCOVILLE_JWT_KEY=KEY), 5, "No connection to the database")


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_missing_database_url_is_named(scoville: Scoville, command: str) -> None:
    assert_one_clear_line(scoville(command, SCOVILLE_JWT_KEY=KEY), 4, "DATABASE_URL")


@pytest.mark.parametrize(
    "url", ["mysql://localhost/db", "postgresql://u:topsecret@host:port/db", "postgresql://u:topsecret@[::1/db"]
)
@pytest.mark.parametrize("command", ["serve", "migrate", "verify"])
def test_a_database_url_that_is_none_is_refused_without_repeating_it(scoville: Scoville, command: str, url: str) -> None:
    done = scoville(command, DATABASE_URL=url, SCOVILLE_JWT_KEY=KEY)
    assert_one_clear_line(done, done.returncode)
    assert done.returncode in (4, 5)
    assert "topsecret" not in done.stderr


def test_serve_without_a_way_to_check_tokens_says_what_to_do(scoville: Scoville) -> None:
    assert_one_clear_line(scoville("serve", DATABASE_URL=NOWHERE), 4, "SCOVILLE_JWT_KEY")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_superuser_is_not_served(scoville: Scoville, database_url: str, command: str) -> None:
    done = scoville(command, DATABASE_URL=database_url, SCOVILLE_JWT_KEY=KEY)
    assert_one_clear_line(done, 4, "postgres", "authenticator", "scoville migrate")


def test_a_database_that_is_not_set_up_is_named(
    scoville: Scoville, authenticator_url: str, new_database: Callable[[], str]
) -> None:
    empty = new_database()
    login = authenticator_url.partition("@")[0]
    done = scoville("serve", DATABASE_URL=f"{login}@{empty.partition('@')[2]}", SCOVILLE_JWT_KEY=KEY)
    assert_one_clear_line(done, 5, "scoville migrate")


def test_serve_names_a_taken_port(scoville: Scoville, authenticator_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = scoville("serve", "--port", port, DATABASE_URL=authenticator_url, SCOVILLE_JWT_KEY=KEY)
    assert_one_clear_line(done, 7, port, "SCOVILLE_PORT")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_signal_ends_it_with_exit_code_0(authenticator_url: str, command: str, sent: signal.Signals) -> None:
    variables = {"DATABASE_URL": authenticator_url, "SCOVILLE_JWT_KEY": KEY, "SCOVILLE_PORT": "0"}
    process = subprocess.Popen([*COMMAND, command], env=environment(**variables), stderr=subprocess.PIPE, text=True)
    assert process.stderr
    assert process.stderr.readline().startswith("scoville: ")
    process.send_signal(sent)  # at once: a caller that reads this line may already stop the process
    try:
        process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0


def test_a_signal_during_an_import_is_not_lost() -> None:
    """As in an import, it arrives in a callback, in which Python ignores exceptions."""

    class Module:
        pass

    def arrives(_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        sum(range(1000))  # Python runs the handler of a signal between two instructions

    def lose_one() -> None:
        with uninterrupted():
            module = Module()
            watching = weakref.ref(module, arrives)
            del module
            assert watching() is None

    ended = threading.Event()
    another = threading.Thread(target=ended.wait)  # which the kernel may choose to receive the signal
    another.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            lose_one()
    finally:
        ended.set()
        another.join()


def test_a_setting_that_cannot_be_used_is_named(scoville: Scoville) -> None:
    assert_one_clear_line(scoville("demo", SCOVILLE_PORT="many"), 4, "SCOVILLE_PORT")


def test_migrate_brings_an_empty_database_up_and_says_so(scoville: Scoville, new_database: Callable[[], str]) -> None:
    url = new_database()
    first = scoville("migrate", DATABASE_URL=url)
    assert (first.returncode, first.stderr) == (0, "")
    assert "1 migration" in first.stdout
    second = scoville("migrate", "--only-if-needed", DATABASE_URL=url)
    assert "nothing to do" in second.stdout


def test_migrate_sets_the_password_of_the_login(scoville: Scoville, new_database: Callable[[], str], tmp_path: object) -> None:
    done = scoville("migrate", DATABASE_URL=new_database(), SCOVILLE_AUTHENTICATOR_PASSWORD="for tests only")
    assert done.returncode == 0
    assert "for tests only" not in done.stdout + done.stderr


def test_it_tells_its_version(scoville: Scoville) -> None:
    done = scoville("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"scoville {__version__}\n", "")


def test_a_wrong_option_is_wrong_usage(scoville: Scoville) -> None:
    assert scoville("demo", "--prot", "1").returncode == 2
    assert scoville("token").returncode == 2


def test_verify_and_import_without_a_demo_say_what_to_do(scoville: Scoville, tmp_path: object) -> None:
    assert_one_clear_line(scoville("verify"), 4, "scoville demo", "DATABASE_URL")
    assert_one_clear_line(scoville("import", "skus", "x.csv"), 4, "scoville demo", "--url")


@pytest.mark.parametrize("command", ["clients list", "import skus x.csv", "watch", "webhooks listen"])
def test_a_url_or_token_that_cannot_be_one_is_wrong_usage(scoville: Scoville, command: str) -> None:
    url, good = "http://127.0.0.1:99999", "http://127.0.0.1:1"
    assert_one_clear_line(scoville(*command.split(), "--url", url, "--token", "x"), 2, url, "write http://host:port")
    assert_one_clear_line(scoville(*command.split(), "--url", good, "--token", "ä"), 2, "--token")


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://host:port", "http://", "http:///v1", "http://a..b", "nonsense", "ws://host", "http://a\nb"]
)
def test_what_can_be_no_url_of_the_api_is_refused(url: str) -> None:
    with pytest.raises(Failure, match="write http://host:port") as refused:
        find(Settings(), url, "x", "test")
    assert refused.value.exit_code == Exit.USAGE


@pytest.mark.parametrize("url", ["http://[::1]:8000/", "https://api.example", "http://my_host:80/below/", "http://grün.example"])
def test_what_can_be_a_url_of_the_api_is_taken_without_its_last_slash(url: str) -> None:
    assert find(Settings(), url, "x", "test") == (url.rstrip("/"), "x")


def test_help_lists_the_exit_codes(scoville: Scoville) -> None:
    done = scoville("--help")
    assert "9 another demo runs" in " ".join(done.stdout.split())
