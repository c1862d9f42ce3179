"""The diagram of one order in sql/README.md names existing functions and modules, and real calls."""

from __future__ import annotations

import re

from pyapp.deploy.replay import SCHEMAS
from pyapp.files import ROOT
from tests.sql.sources import function_files

DRAWING = re.search(r"```text\n(POST .*?)```", (ROOT / "sql" / "README.md").read_text(encoding="utf-8"), re.DOTALL)
FUNCTION = re.compile(rf"\b(?:{'|'.join(SCHEMAS)})\.\w+")
MODULE = re.compile(r"\bpyapp(?:\.\w+)+")


def test_every_function_of_the_drawing_exists_and_is_called_by_the_one_above_it() -> None:
    assert DRAWING
    files = {f"{path.relative_to(ROOT / 'sql' / 'functions').parts[0]}.{path.stem}": path for path in function_files()}
    above: dict[int, str] = {}
    named = set()
    for line in DRAWING[1].splitlines():
        assert len(line) <= 100, line
        for module in MODULE.findall(line):
            assert ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file(), module
        name = FUNCTION.match(line.lstrip())
        if name is None:
            continue
        assert name[0] in files, name[0]
        depth = len(line) - len(line.lstrip())
        if depth:
            assert name[0] + "(" in files[above[depth - 2]].read_text(encoding="utf-8"), line
        above[depth] = name[0]
        named.add(name[0])
    assert {"app.enter", "api.place_orders", "stock.post_movements", "jobs.sequence_events"} <= named
