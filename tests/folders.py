"""The data folders of test servers."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = Path("/dev/shm")  # noqa: S108
ROOM = 4 << 30  # bytes: more than the whole suite ever uses


def _roomy(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free > ROOM and psutil.virtual_memory().available > 2 * ROOM


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a path short enough for a socket, accessible to the user that the server runs as.

    In memory if there is room: the suite creates a database of hundreds of files for almost every test.
    """
    parent = MEMORY if _roomy(MEMORY) else None
    folder = Path(tempfile.mkdtemp(prefix="scoville-", dir=parent)).resolve()
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
