"""The demo that runs on a data folder: its addresses, and the key of its tokens."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import msgspec

from pyapp.failures import Exit, Failure

if TYPE_CHECKING:
    from pathlib import Path


class Running(msgspec.Struct):
    """The content of scoville.json: the running demo."""

    url: str
    database_url: str
    pid: int
    bi_url: str | None = None

    @property
    def bi_address(self) -> str:
        """Host and port of the demo's PostgreSQL for BI tools. Raises Failure if the demo has none."""
        if self.bi_url is None:
            raise Failure(Exit.SETTINGS, "This demo uses a database of your own: set DATABASE_URL to the URL of its owner.")
        return self.bi_url.rpartition("@")[2].partition("/")[0]


class State:
    """Two files in the data folder, readable only by its owner: the demo's addresses, and the key that signs its tokens."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.file = data_dir / "scoville.json"
        self.key_file = data_dir / "jwt.key"

    def write(self, url: str, database_url: str, bi_url: str | None = None) -> None:
        write_private(self.file, msgspec.json.encode(Running(url, database_url, os.getpid(), bi_url)))

    def find(self) -> Running | None:
        """The demo that runs on the folder, or None. Raises Failure if the folder belongs to another user."""
        try:
            running = msgspec.json.decode(self.file.read_bytes(), type=Running)
            os.kill(running.pid, 0)
        except PermissionError as error:
            raise Failure(Exit.SETTINGS, f"{self.data_dir} belongs to another user: run this as that user.") from error
        except (OSError, msgspec.DecodeError):
            return None
        return running

    def read(self) -> Running:
        """The demo that runs on the folder. Raises Failure without one."""
        running = self.find()
        if running is None:
            raise Failure(
                Exit.SETTINGS,
                f"No `scoville demo` runs on {self.data_dir}. Start it, name its folder with --data-dir, "
                "or name a server: DATABASE_URL, or --url and --token for import and clients.",
            )
        return running

    def remove(self) -> None:
        """Deletes the file, unless another demo has started on the folder."""
        try:
            if msgspec.json.decode(self.file.read_bytes(), type=Running).pid == os.getpid():
                self.file.unlink()
        except (OSError, msgspec.DecodeError):
            return

    def read_key(self) -> str | None:
        try:
            return self.key_file.read_text().strip() or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Failure(Exit.SETTINGS, f"{self.key_file} cannot be read: {error.strerror}.") from error

    def make_key(self) -> str:
        """The key of this folder. It is created once, so that tokens stay valid after a restart."""
        key = self.read_key()
        if key is None:
            key = secrets.token_hex(32)
            write_private(self.key_file, key.encode())
        return key


def write_private(path: Path, content: bytes) -> None:
    """Writes the file atomically, readable only by its owner."""
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(content)
        new.replace(path)
    except OSError as error:
        raise Failure(
            Exit.DATA_DIR,
            f"{path} cannot be written: {error.strerror}. Choose another folder with --data-dir or SCOVILLE_DATA_DIR.",
        ) from error
