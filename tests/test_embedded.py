"""The embedded server, if several processes start one at the same time."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import sys

import psycopg
import pytest

from pyapp.demo import embedded
from tests.conftest import ROOT
from tests.folders import short_folder

USER = f"scoville_test_{os.getpid()}"
MAKE = "import pwd, sys; from pyapp.demo import embedded; embedded.SYSTEM_USER = sys.argv[1]; made = embedded._make_user()"
PROGRAM = f"{MAKE}; print(made, pwd.getpwnam(sys.argv[1]).pw_uid)"


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root needs a user to run PostgreSQL as, or can make one")
def test_one_of_several_at_once_makes_the_system_user_and_all_use_the_same() -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, USER], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    try:
        said = sorted(process.communicate()[0].split() for process in processes)
        assert said == sorted([["True", str(pwd.getpwnam(USER).pw_uid)], *[["False", str(pwd.getpwnam(USER).pw_uid)]] * 5])
    finally:
        subprocess.run(["userdel", USER], check=False)  # noqa: S607


def test_a_port_that_is_taken_after_it_was_chosen_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    choose = embedded._choose_port
    with short_folder() as folder, socket.create_server((embedded.LOOPBACK, 0)) as taken:
        ports = [taken.getsockname()[1]]
        monkeypatch.setattr(embedded, "_choose_port", lambda file: ports.pop() if ports else choose(file))
        server = embedded.start(folder, bi=True)
        try:
            with psycopg.connect(f"postgresql://postgres@/postgres?host={server.socket_dir}&port={server.port}") as connection:
                assert connection.execute("show port").fetchone() == (str(server.port),)
            assert server.port != taken.getsockname()[1]
        finally:
            server.stop()
