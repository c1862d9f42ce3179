"""Texts of a CSV that a spreadsheet would run as formulas: `mark` makes them text, `unmark` restores them exactly.

A spreadsheet takes a cell that begins with = + - or @ for a formula, some also in the wide forms of these signs, or after white
space and characters that nobody sees. Where the list separator is a semicolon or a tab, it does not know our quotation marks: it
begins a cell after each of those and after each line break within a text. So an apostrophe, which spreadsheets read as "this is
text", goes in front of each place where a formula would begin. One more goes in front of apostrophes that stand there already:
otherwise programs could not tell them from ours. docs/reference/csv.md has the rule for programs.
"""

from __future__ import annotations

import re

# Where a cell begins, and only apostrophes and then characters that are no letters or digits stand before a sign. That ends at
# the next beginning of a cell, so that a mark never changes what the rule sees at another place.
_BEGINS = r"(?:^|(?<=[;\t\r\n])){mark}(?='*[^\w;\t\r\n']*[=+\-@＝＋－＠﹦﹢﹣﹫])|^{mark}(?='*[\t\r\n])"  # noqa: RUF001
_PLAIN = re.compile(_BEGINS.format(mark=""))
_MARKED = re.compile(_BEGINS.format(mark="'"))


def mark(text: str) -> str:
    return _PLAIN.sub("'", text)


def unmark(text: str) -> str:
    return _MARKED.sub("", text)
