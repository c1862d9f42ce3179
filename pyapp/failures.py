"""How the command ends when something outside it is wrong: one line, one exit code."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of `scoville`; listed in `scoville --help` and docs/reference/command.md."""

    OK = 0
    DISAGREES = 1  # verify or doctor found a fault, or a fault without its own code
    USAGE = 2  # typer's own: an unknown option or a missing argument; a file that cannot be read or written
    INCOMPLETE = 3  # import: some lines were refused or bad
    SETTINGS = 4  # a setting is missing or invalid
    DATABASE = 5  # the database does not answer, refuses the login or is not set up
    NEWER_DATABASE = 6  # the database, or its cluster, belongs to another version of Scoville
    PORT = 7  # host and port cannot be listened on
    DATA_DIR = 8  # the data folder cannot be written
    DATA_DIR_BUSY = 9  # another `scoville demo` runs on the data folder
    SERVER = 10  # the API does not answer or rejects the token
    REFUSED = 11  # the API refused the request: a rule, or the thing does not exist
    PROGRAM = 12  # a required program is not installed
    INTERRUPTED = 130


class Failure(Exception):  # noqa: N818 (not an error of ours)
    """A fault that the user can fix; the text says how."""

    def __init__(self, exit_code: Exit, text: str) -> None:
        super().__init__(text)
        self.exit_code = exit_code
