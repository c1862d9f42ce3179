"""plpgsql_check, a static checker that runs in the server, finds no fault in our functions.

The test needs a server with the extension: Debian's PostgreSQL 15 in `make test-pg15`. The embedded server lacks it.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

# A trigger function is checked once per trigger that calls it, with the names of its transition tables. One function may
# serve triggers on INSERT and on UPDATE, so the transition table that this trigger lacks gets its default name.
CHECK = """
select c.name, (c.r).lineno, (c.r).level, (c.r).message
  from (select p.oid::regprocedure::text || coalesce(' on ' || t.tgrelid::regclass, ''),
               public.plpgsql_check_function_tb(p.oid, coalesce(t.tgrelid, 0),
                 newtable => case when t.oid is not null then coalesce(t.tgnewtable, 'new_rows') end,
                 oldtable => case when t.oid is not null then coalesce(t.tgoldtable, 'old_rows') end,
                 fatal_errors => false, extra_warnings => true, security_warnings => true, performance_warnings => false)
          from pg_proc p
          join pg_namespace n on n.oid = p.pronamespace and n.nspowner = 'scoville_owner'::regrole and n.nspname <> 'pgmq'
          join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
          left join pg_trigger t on t.tgfoid = p.oid and t.tgparentid = 0
         where p.prorettype <> 'trigger'::regtype or t.oid is not null
        offset 0) c (name, r)
 where (c.r).sqlstate is distinct from '42804' -- a value cast in an assignment, which is how plpgsql works
   and (c.r).message not like 'composite OUT variable%is not single argument' -- a row among other results
   -- The text of a report's query holds names of analytics.reports and the catalog only (analytics.write_report_query).
   and not (c.name like 'api.read_report(%' and (c.r).message = 'text type variable is not sanitized')
   -- Takes what set_config returns: an assignment needs no executor, PERFORM does.
   and (c.r).message <> 'never read variable "v_set"'
   -- All lists have the same parameters; this one has no filters.
   and not (c.name like 'api.list_erasures(%' and (c.r).message = 'unused parameter "p_filters"')
 order by 1, 2
"""


@pytest.fixture
def checked(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    if not connection.execute("select from pg_available_extensions where name = 'plpgsql_check'").fetchall():
        version = connection.info.parameter_status("server_version")
        pytest.skip(f"PostgreSQL {version} here has no plpgsql_check; `make test-pg15` runs this on one that has")
    connection.execute("create extension plpgsql_check schema public")
    return connection


def test_plpgsql_check_finds_nothing(checked: psycopg.Connection[Any]) -> None:
    assert [f"{name}, line {line}: {said}" for name, line, _, said in checked.execute(CHECK)] == []


def test_plpgsql_check_finds_a_planted_fault(checked: psycopg.Connection[Any]) -> None:
    checked.execute(
        """create function app.planted(p_n integer) returns integer language plpgsql as
        'declare v_unused integer; begin return (select missing from catalog.skus); end'"""
    )
    assert {name for name, *_ in checked.execute(CHECK)} >= {"app.planted(integer)"}


def test_plpgsql_check_sees_transition_tables(checked: psycopg.Connection[Any]) -> None:
    checked.execute(
        """create function app.tg_planted() returns trigger language plpgsql set search_path = '' as
        'begin perform from new_rows r where r.missing; return null; end';
        create trigger tg_lots__planted after insert on stock.lots referencing new table as new_rows
        for each statement execute function app.tg_planted()"""
    )
    said = [row for row in checked.execute(CHECK) if row[0].startswith("app.tg_planted")]
    assert [message for *_, message in said] == ["column r.missing does not exist"]
