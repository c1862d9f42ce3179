"""Replay everything that holds no data: functions, views, policies and grants.

migrations/post-apply.py calls this at every deploy, as scoville_owner and inside
one transaction: the running system sees the old code or the new, never a mixture.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

SCHEMAS = [
    *("api", "app", "audit", "bi", "catalog", "events", "identity"),
    *("jobs", "orders", "stock", "webhooks"),
]
ROLES = [
    *("admin", "authenticator", "bi_reader", "integration", "sales"),
    *("scoville_definer", "scoville_owner", "scoville_worker", "warehouse"),
]
FOLDERS = ("functions", "views", "policies")
ROLES_FILE = "roles.sql"  # cluster-wide: migrate.py runs it, as the deploying login
LOCK_TIMEOUT = "5s"

# Grants survive CREATE OR REPLACE, so each replay starts from none. An owner keeps
# its own rights; roles that are not ours keep what their administrator gave them.
GRANTS = """
select distinct format('revoke all on %%s %%s from %%s', kind, name,
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
"""

# Writing an object again gives its row a new place (ctid); what is still in its old
# place after the replay was written by no file. Dropped newest first: the old never depends
# on the new. Partitions are their parents' business.
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


DEFINER_MAY_CREATE = {
    "yes": sql.SQL("grant create on schema {} to scoville_definer"),
    "no": sql.SQL("revoke create on schema {} from scoville_definer"),
}


def replay_files(root: Path) -> Iterator[Path]:
    """The files to run, in order: by folder, then by path."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.sql")):
            if path.name != ROLES_FILE:
                yield path


def replay(connection: psycopg.Connection[Any], root: Path) -> None:
    """Run every file below `root`, which is sql/, then drop what no file wrote. Never drops by CASCADE.

    The caller opens and ends the transaction. Errors: psycopg.Error, with a note
    that names the file.
    """
    cursor = connection.cursor()
    cursor.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
    cursor.execute("set local check_function_bodies = off")  # a body may name a later file
    cursor.execute("set local client_min_messages = warning")
    names = cursor.execute("select nspname from pg_namespace where nspname = any (%s)", [SCHEMAS])
    ours = {"schemas": [name for (name,) in names.fetchall()], "roles": ROLES}
    for (revoke,) in cursor.execute(GRANTS, ours).fetchall():
        cursor.execute(revoke)
    before = set(cursor.execute(CODE, ours).fetchall())
    # To be given a function one needs CREATE on its schema: only while the files run.
    for name in ours["schemas"]:
        cursor.execute(DEFINER_MAY_CREATE["yes"].format(sql.Identifier(name)))
    for path in replay_files(root):
        try:
            cursor.execute(path.read_text(encoding="utf-8"))
        except psycopg.Error as error:
            error.add_note(f"sql/{path.relative_to(root).as_posix()}")
            raise
    for name in ours["schemas"]:
        cursor.execute(DEFINER_MAY_CREATE["no"].format(sql.Identifier(name)))
    for *_, drop in sorted(before & set(cursor.execute(CODE, ours).fetchall())):
        logger.warning("leftover of an older release: %s", drop)
        cursor.execute(drop)
