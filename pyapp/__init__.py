"""Scoville: stock and orders for a hot sauce brand. The rules are in sql/; this package is the service and the command."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("scoville")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+checkout"
