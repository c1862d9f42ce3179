"""The check of the queue (turns.py) sees an order that was passed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.battery.turns import check_idle, check_turns

SERVING = {"web": ("WH-01", "WH-02"), "till": ("WH-02", "WH-01"), "far": ("WH-03",)}

TURN = ("web", 3, 0, 1.0, 7)  # channel, units, priority (as its negative), age, number


@pytest.mark.parametrize("warehouse", SERVING["web"])
@pytest.mark.parametrize("behind", [[["B", "S-1", "till", 1, 0, 2.0, 8]], [["B", "S-1", "till", 1, 5, 0.5, 3]], []])
def test_the_check_of_turns_sees_an_order_that_was_passed(behind: list[list[Any]], warehouse: str) -> None:
    before = [["A", "S-1", *TURN], *behind]
    queue = {"waits": [["A", "S-1", *TURN]], "gains": [["B", "S-1", warehouse, 1]]}
    with pytest.raises(AssertionError, match="passed"):
        check_turns(before, queue, SERVING)


@pytest.mark.parametrize(
    ("before", "gains"),
    [
        ([["A", "S-1", *TURN]], [["B", "S-1", "WH-03", 1]]),  # serves another channel only
        ([["A", "S-1", *TURN]], [["B", "S-2", "WH-01", 1]]),
        ([["A", "S-1", *TURN]], [["B", "S-1", "WH-02", -1], ["B", "S-1", "WH-01", 1]]),  # moved
        ([["A", "S-1", *TURN]], [["A", "S-1", "WH-01", 3], ["B", "S-1", "WH-01", 1]]),  # waits again since a loss
        ([["A", "S-1", *TURN], ["B", "S-1", "till", 1, -2, 9.0, 9]], [["B", "S-1", "WH-01", 1]]),  # of higher priority
        ([], [["B", "S-1", "WH-01", 1]]),
    ],
)
def test_the_check_of_turns_lets_others_pass(before: list[list[Any]], gains: list[list[Any]]) -> None:
    check_turns(before, {"waits": [["A", "S-1", *TURN]], "gains": gains}, SERVING)


@pytest.mark.parametrize(("warehouse", "is_idle"), [("WH-02", True), ("WH-03", False)])
def test_the_check_of_idle_units_sees_them(warehouse: str, is_idle: bool) -> None:
    books = {"waits": {"A S-1": [3]}, "channels": {"A": "web"}, "levels": {f"{warehouse} S-1": {"available": 1}}}
    if is_idle:
        with pytest.raises(AssertionError):
            check_idle(books, SERVING)
    else:
        check_idle(books, SERVING)
