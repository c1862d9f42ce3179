"""Replay everything without data: functions, views, policies and grants.

migrations/post-apply.py calls this at every deploy, as scoville_owner and in one
transaction: the running system sees either the old code or the new code.
"""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

OWNER = "scoville_owner"
SCHEMAS = [
    *("analytics", "api", "app", "audit", "bi", "catalog", "events"),
    *("identity", "jobs", "orders", "stock", "supply", "webhooks"),
]
# Its objects come from a package; only the grants on them are ours.
QUEUE_SCHEMA = "pgmq"
ROLES = [
    *("admin", "authenticator", "bi_reader", "bi_reader_all", "integration", "sales"),
    *("scoville_definer", "scoville_owner", "scoville_worker", "warehouse"),
]
FOLDERS = ("functions", "views", "policies")
LAST_FOLDERS = frozenset(("views", "policies"))  # runs behind the lock
ROLES_FILE = "roles.sql"  # cluster-wide: migrate.py runs it as the deploying login
LOCK_TIMEOUT = "5s"

# Policies, triggers and views need exclusive locks on their relations until the end of the transaction. One statement takes all
# of them after everything else is done, and other sessions wait for at most LOCK_ALL_TIMEOUT: if it does not get all locks by
# then, it releases all and tries again. The tables that commands and jobs use first come first: a session that waits there holds
# no lock yet, and running ones can finish. Views come next, because a reader locks a view before its tables. A weaker lock
# excludes autovacuum from the beginning: autovacuum holds its table while it waits for rows of pg_class that grants have changed,
# so it would deadlock with the deploy, and a long vacuum would outlast every attempt.
LOCK_ALL_TIMEOUT = "300ms"
LOCK_ALL_ATTEMPTS_MAX = 100
PAUSE_SECONDS = (0.1, 0.5)
DOORS = ["identity.idempotency_keys", "events.stream", "webhooks.dispatchers", "analytics.rollups"]
TABLES = """
select format('%%I.%%I', n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relnamespace = any (%(schemas)s::regnamespace[]) and c.relkind = 'r' and not c.relispartition
 order by 1"""
RELATIONS = """
select case c.relkind when 'v' then '' else 'only ' end || format('%%I.%%I', n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relnamespace = any (%(schemas)s::regnamespace[])
   and (c.relkind in ('r', 'p') and not c.relispartition or c.relkind = 'v' and pg_has_role(c.relowner, 'usage'))
 order by array_position(%(doors)s, format('%%s.%%s', n.nspname, c.relname)), c.relkind <> 'v', 1"""

# Grants survive CREATE OR REPLACE, so each replay revokes them first. Owners keep
# their rights; roles that are not ours keep the grants of their administrator.
GRANTS = """
select format('revoke all on %%s %%s from %%s', kind, string_agg(distinct name, ', '),
              case grantee when 0 then 'public' else grantee::regrole::text end)
  from (select case c.relkind when 'S' then 'sequence' else 'table' end,
               c.oid::regclass::text, c.relowner, a.grantee
          from pg_class c, aclexplode(c.relacl) a
         where c.relnamespace = any (%(schemas)s::regnamespace[])
        union all
        select 'table', c.oid::regclass::text, c.relowner, a.grantee
          from pg_class c
          join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
         where c.relnamespace = any (%(schemas)s::regnamespace[])
        union all
        select 'schema', quote_ident(n.nspname), n.nspowner, a.grantee
          from pg_namespace n, aclexplode(n.nspacl) a
         where n.oid = any (%(schemas)s::regnamespace[])
        union all
        select 'routine', p.oid::regprocedure::text, p.proowner, a.grantee
          from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
         where p.pronamespace = any (%(schemas)s::regnamespace[])
       ) as given (kind, name, owner, grantee)
 where grantee <> owner
   and (grantee = 0 or grantee::regrole::text = any (%(roles)s))
 group by kind, grantee
"""

# Writing an object gives its row a new ctid; an object with its old ctid after the
# replay was not written by any file. Leftovers are dropped newest first: an older object
# never depends on a newer one. Partitions are left to their parents.
FUNCTIONS = 4
CODE = """
select 1 as turn, -p.oid::bigint, p.ctid::text, format('drop policy %%I on %%s', p.polname, c.oid::regclass)
  from pg_policy p join pg_class c on c.oid = p.polrelid
 where c.relnamespace = any (%(schemas)s::regnamespace[]) and not c.relispartition
union all
select 2, -t.oid::bigint, t.ctid::text, format('drop trigger %%I on %%s', t.tgname, c.oid::regclass)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
 where c.relnamespace = any (%(schemas)s::regnamespace[])
   and not t.tgisinternal and t.tgparentid = 0
union all
select 3, -c.oid::bigint, r.ctid::text, format('drop view %%s', c.oid::regclass)
  from pg_class c join pg_rewrite r on r.ev_class = c.oid
 where c.relnamespace = any (%(schemas)s::regnamespace[]) and c.relkind = 'v'
union all
select 4, -p.oid::bigint, p.ctid::text, format('drop routine %%s', p.oid::regprocedure)
  from pg_proc p
 where p.pronamespace = any (%(schemas)s::regnamespace[])
   and not exists (select from pg_depend d
                    where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                      and d.deptype = 'e')
"""

# A function with one more parameter is another function, and a call that fits both is ambiguous: bodies that PostgreSQL parses at
# creation could not be written beside the older function. So the older one is renamed first, and dropped with the leftovers.
# It is looked up by the name of the file that was run, which is the name of its function.
OLDER = """
select o.oid::bigint, format('alter routine %%s rename to %%I', o.oid::regprocedure, o.proname || ' of the release before')
  from pg_proc n
  join pg_proc o on o.pronamespace = n.pronamespace and o.proname = n.proname
 where n.proname = %(name)s and n.oid <> all (%(old)s) and o.oid = any (%(old)s)
"""
NAMES = """
select p.proname, array_agg(p.oid::bigint)
  from pg_proc p
 where p.pronamespace = any (%(schemas)s::regnamespace[])
 group by p.proname"""


# All code in the database, as PostgreSQL reports it; manual changes show up here. Any login can run it.
DIGEST = """
select md5(string_agg(part, E'\\x1e' order by part collate "C"))
  from (select concat_ws(E'\\x1f', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.prosrc,
                         pg_get_function_sqlbody(p.oid), p.prosecdef, p.provolatile, p.proconfig, r.rolname)
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
         where n.nspname = any (%(schemas)s) and p.prokind in ('f', 'p')
        union all
        select concat_ws(E'\\x1f', n.nspname, c.relname, l.polname, l.polcmd, l.polpermissive,
                         (select string_agg(r.rolname, ',' order by r.rolname) from pg_roles r where r.oid = any (l.polroles)),
                         pg_get_expr(l.polqual, l.polrelid), pg_get_expr(l.polwithcheck, l.polrelid))
          from pg_policy l join pg_class c on c.oid = l.polrelid join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any (%(schemas)s)
        union all
        select concat_ws(E'\\x1f', n.nspname, c.relname, pg_get_viewdef(c.oid))
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any (%(schemas)s) and c.relkind = 'v') code (part)"""

DEFINER_MAY_CREATE = {
    "yes": sql.SQL("grant create on schema {} to scoville_definer"),
    "no": sql.SQL("revoke create on schema {} from scoville_definer"),
}


def digest_code(connection: psycopg.Connection[Any]) -> str | None:
    """A digest of all existing functions, policies and views."""
    with connection.transaction():
        connection.execute("set local search_path = ''")
        row = connection.execute(DIGEST, {"schemas": SCHEMAS}).fetchone()
    return row[0] if row else None


def replay_files(root: Path) -> Iterator[Path]:
    """The files to run, in order: by folder, then by path."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.sql")):
            if path.name != ROLES_FILE:
                yield path


def replay(connection: psycopg.Connection[Any], root: Path) -> None:
    """Runs every file below `root` (sql/), then drops objects that no file wrote. Never drops with CASCADE.

    The caller opens and ends the transaction. Errors: psycopg.Error, with a note
    that names the file.
    """
    cursor = connection.cursor()
    cursor.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
    cursor.execute("set local check_function_bodies = off")  # a body may name a later file
    cursor.execute("set local client_min_messages = warning")
    names = cursor.execute("select nspname from pg_namespace where nspname = any (%s)", [SCHEMAS])
    ours = {"schemas": [name for (name,) in names.fetchall()], "roles": ROLES}
    if tables := [name for (name,) in cursor.execute(TABLES, ours).fetchall()]:
        cursor.execute(f"lock table {', '.join(tables)} in share update exclusive mode".encode())
    for (revoke,) in cursor.execute(GRANTS, {**ours, "schemas": [*ours["schemas"], QUEUE_SCHEMA]}).fetchall():
        cursor.execute(revoke)
    before = set(cursor.execute(CODE, ours).fetchall())
    functions: dict[str, list[int]] = dict(cursor.execute(NAMES, ours).fetchall())
    older: set[int] = set()
    # The new owner of a function needs CREATE on its schema: granted only while the files run.
    for name in ours["schemas"]:
        cursor.execute(DEFINER_MAY_CREATE["yes"].format(sql.Identifier(name)))
    texts = {path: path.read_text(encoding="utf-8") for path in replay_files(root)}
    last = {path: text for path, text in texts.items() if _wants_relations(path.relative_to(root), text)}
    for path, text in texts.items():
        if path in last:
            continue
        _run(cursor, root, path, text)
        if (old := functions.get(path.stem)) is None:
            continue
        for oid, rename in cursor.execute(OLDER, {"name": path.stem, "old": old}).fetchall():
            cursor.execute(rename)
            older.add(-oid)
    _lock_all(connection, ours)
    for path, text in last.items():
        _run(cursor, root, path, text)
    for name in ours["schemas"]:
        cursor.execute(DEFINER_MAY_CREATE["no"].format(sql.Identifier(name)))
    after = cursor.execute(CODE, ours).fetchall()
    for *_, drop in sorted(row for row in after if row in before or (row[0] == FUNCTIONS and row[1] in older)):
        logger.warning("leftover of an older release: %s", drop)
        cursor.execute(drop)


def _run(cursor: psycopg.Cursor[Any], root: Path, path: Path, text: str) -> None:
    try:
        cursor.execute(text.encode())
    except psycopg.Error as error:
        error.add_note(f"sql/{path.relative_to(root).as_posix()}")
        raise


def _wants_relations(path: Path, text: str) -> bool:
    return path.parts[0] in LAST_FOLDERS or "create or replace trigger" in text


def _lock_all(connection: psycopg.Connection[Any], ours: dict[str, list[str]]) -> None:
    """Locks all tables and views, or none and tries again. Raises psycopg.Error if one stays locked."""
    before = connection.execute("show statement_timeout").fetchone()
    found = connection.execute(RELATIONS, {**ours, "doors": DOORS}).fetchall()
    lock = f"lock table {', '.join(name for (name,) in found)} in access exclusive mode"
    for attempt in range(1, LOCK_ALL_ATTEMPTS_MAX + 1):
        try:
            with connection.transaction():
                connection.execute("select set_config('statement_timeout', %s, true)", [LOCK_ALL_TIMEOUT])
                connection.execute(lock.encode())
                connection.execute("select set_config('statement_timeout', %s, true)", before)
        except (psycopg.errors.QueryCanceled, psycopg.errors.DeadlockDetected) as error:
            if attempt == LOCK_ALL_ATTEMPTS_MAX:
                error.add_note("another session keeps a table locked, perhaps a dump or a report. Deploy again when it is done")
                raise
            time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 (not a secret)
        else:
            return
