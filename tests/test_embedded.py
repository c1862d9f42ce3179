"""The embedded server, if several processes start one at the same time."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys

import pytest

from tests.conftest import ROOT

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
