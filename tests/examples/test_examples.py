"""Every example runs unchanged in psql and prints the content of its .out file. `make examples` writes those files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.examples.runner import WORLD, build_world, examples, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.stem)
def test_an_example_says_what_is_written_beside_it(path: Path, authenticator_url: str, database_url: str) -> None:
    if path != WORLD:
        build_world(authenticator_url, database_url)
    said = run(path, authenticator_url, database_url)
    if os.environ.get("SCOVILLE_EXAMPLES") == "write":
        path.with_suffix(".out").write_text(said, encoding="utf-8")
    assert said == path.with_suffix(".out").read_text(encoding="utf-8")
