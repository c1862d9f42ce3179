-- What conventions ask of the catalog, as one query. It answers (lint, object) and must find nothing.
with
ours as (
  select n.oid
    from pg_namespace n
   where n.nspname in ('analytics', 'api', 'app', 'audit', 'bi', 'catalog', 'events', 'identity', 'jobs', 'orders', 'stock', 'webhooks')
),
fn as (
  select p.*, p.oid::regprocedure::text as sig
    from pg_proc p
   where p.pronamespace in (select oid from ours)
     and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
),
tb as (
  select c.*, c.oid::regclass::text as name
    from pg_class c
   where c.relnamespace in (select oid from ours) and c.relkind in ('r', 'p')
),
-- Tables whose rows belong to one region and move with it to another server.
region_tb as (
  select *
    from tb
   where relnamespace in ('stock'::regnamespace, 'orders'::regnamespace, 'audit'::regnamespace, 'analytics'::regnamespace)
      or relnamespace = 'webhooks'::regnamespace and name <> 'webhooks.dispatchers'
      or name ~ '^(events\.(outbox|event_log)|identity\.idempotency_keys)'
),
-- Ledger, log and audit, with their partitions.
append_only as (
  select *
    from tb
   where name in ('stock.stock_movements', 'events.event_log', 'audit.audit_log')
      or oid in (select inhrelid from pg_inherits
                  where inhparent in ('stock.stock_movements'::regclass, 'events.event_log'::regclass, 'audit.audit_log'::regclass))
),
pol as (
  select p.*, tb.name, tb.relname,
         coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as expr,
         case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as command
    from pg_policy p join tb on tb.oid = p.polrelid
),
con as (
  select k.*, tb.relname, tb.name || ' ' || k.conname as object
    from pg_constraint k join tb on tb.oid = k.conrelid
   where k.contype in ('p', 'u', 'f', 'c', 'x') and not tb.relispartition
),
-- Rights on tables and columns, the owner's own apart. column_name is null for the whole table.
granted as (
  select tb.oid, tb.name, null::name as column_name, a.privilege_type,
         case a.grantee when 0 then 'public' else a.grantee::regrole::text end as grantee
    from tb, aclexplode(tb.relacl) a
   where a.grantee <> tb.relowner
  union all
  select tb.oid, tb.name, t.attname, a.privilege_type, case a.grantee when 0 then 'public' else a.grantee::regrole::text end
    from tb join pg_attribute t on t.attrelid = tb.oid, aclexplode(t.attacl) a
   where a.grantee <> tb.relowner
),
tg as (
  select t.*, tb.relname, tb.name || ' ' || t.tgname as object
    from pg_trigger t join tb on tb.oid = t.tgrelid
   where not t.tgisinternal and t.tgparentid = 0
)

-- Functions
select 'function_search_path_not_pinned' as lint, sig as object
  from fn
 where prosqlbody is null and not exists (select from unnest(proconfig) s where s like 'search\_path=%')
union all
-- A string body is parsed at the call, under the caller's search_path.
select 'claim_reader_without_standard_body', sig from fn where prosqlbody is null and prosrc ~ 'current_setting'
union all
select 'function_public_execute', sig from fn where has_function_privilege('public', oid, 'execute')
union all
select 'argument_without_p_', sig || ' ' || a.name
  from fn, unnest(proargnames, coalesce(proargmodes, '{}')) a (name, mode)
 where prorettype <> 'trigger'::regtype and a.name not like 'p\_%' and coalesce(a.mode, 'i') in ('i', 'b', 'v')
union all
-- These must own the tables they work on; nobody can log in as their owner.
select 'definer_function_not_owned_by_the_definer', sig
  from fn
 where prosecdef and proowner <> 'scoville_definer'::regrole
   and sig not in ('jobs.make_partitions()', 'jobs.drop_old_events()', 'jobs.analyze_young_tables()', 'audit.erase_email(smallint,text)',
                   'audit.erase_history(smallint,bigint[],bigint[],bigint[],bigint[],bigint[])', 'events.erase_events(smallint,text[])')
union all
select 'definer_owns_what_is_not_a_definer_function', sig from fn where not prosecdef and proowner = 'scoville_definer'::regrole
union all
select 'not_owned_by_the_owner', sig
  from fn
 where proowner not in ('scoville_owner'::regrole, 'scoville_definer'::regrole)
union all
select 'not_owned_by_the_owner', c.oid::regclass::text
  from pg_class c
 where c.relnamespace in (select oid from ours) and c.relowner <> 'scoville_owner'::regrole
union all
select 'api_function_without_comment', sig
  from fn
 where pronamespace = 'api'::regnamespace and obj_description(oid, 'pg_proc') is null

-- Tables and views
union all
select 'table_without_rls', name from tb where not relrowsecurity
union all
select 'table_without_forced_rls', name from tb where not relforcerowsecurity
union all
select 'table_without_comment', name from tb where obj_description(oid, 'pg_class') is null
union all
select 'table_without_primary_key', name
  from tb
 where not exists (select from pg_index i where i.indrelid = tb.oid and i.indisprimary)
union all
select 'column_of_unwanted_type', tb.name || ' ' || t.attname
  from tb join pg_attribute t on t.attrelid = tb.oid
 where t.attnum > 0 and not t.attisdropped
   and t.atttypid in ('timestamp'::regtype, 'timetz'::regtype, 'bpchar'::regtype, 'varchar'::regtype, 'money'::regtype,
                      'float4'::regtype, 'float8'::regtype)
union all
select 'moment_not_named_at', tb.name || ' ' || t.attname
  from tb join pg_attribute t on t.attrelid = tb.oid
 where t.attnum > 0 and not t.attisdropped and t.atttypid = 'timestamptz'::regtype and t.attname not like '%\_at'
   and t.attname not like '%\_until'
union all
select 'enum_type', t.oid::regtype::text from pg_type t where t.typnamespace in (select oid from ours) and t.typtype = 'e'
union all
select 'view_not_security_invoker', c.oid::regclass::text
  from pg_class c
 where c.relnamespace in (select oid from ours) and c.relkind = 'v'
   and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1']
union all
-- Without a barrier a condition of the reader may be applied below a join of the view, and its error shows a row that the join hides.
select 'view_of_analysts_without_barrier', c.oid::regclass::text
  from pg_class c
 where c.relnamespace = 'bi'::regnamespace and c.relkind = 'v'
   and not coalesce(c.reloptions, '{}') && array['security_barrier=true', 'security_barrier=on', 'security_barrier=1']
union all
select 'view_without_comment', c.oid::regclass::text || coalesce(' ' || t.attname, '')
  from pg_class c left join pg_attribute t on t.attrelid = c.oid and t.attnum > 0
 where c.relnamespace in (select oid from ours) and c.relkind = 'v'
   and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, t.attnum) is null)

-- Constraints and indexes
union all
select 'constraint_not_named_by_hand', object
  from con
 where case contype
         when 'p' then conname <> relname || '_pkey'
         when 'u' then conname !~ ('^' || relname || '_.+_key$')
         when 'f' then conname !~ ('^' || relname || '_.+_fkey$')
         when 'x' then conname !~ ('^' || relname || '_.+_excl$')
         else conname !~ ('^' || relname || '_.+_check$')
              or exists (select from pg_attribute t where t.attrelid = conrelid and conname = relname || '_' || t.attname || '_check')
       end
union all
select 'index_not_named_by_hand', tb.name || ' ' || c.relname
  from tb join pg_index i on i.indrelid = tb.oid join pg_class c on c.oid = i.indexrelid
 where not tb.relispartition and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
   and c.relname !~ ('^' || tb.relname || '_.+_(idx|key)$')
union all
-- NO ACTION is also what stands there when nobody thought of it.
select 'foreign_key_without_on_delete', object from con where contype = 'f' and confdeltype = 'a'
union all
-- Rows of the catalog are never deleted, so nothing looks for those who point at them.
select 'foreign_key_without_index', object
  from con
 where contype = 'f' and confrelid not in (select oid from tb where relnamespace = 'catalog'::regnamespace)
   and not exists (select from pg_index i
                    where i.indrelid = conrelid and i.indpred is null
                      and (i.indkey::int2[])[0:cardinality(conkey) - 1] @> conkey)

-- Regions (seven rules, 1 and 7)
union all
select 'region_table_without_region_id', name
  from region_tb
 where not exists (select from pg_attribute t
                    where t.attrelid = region_tb.oid and t.attname = 'region_id' and t.atttypid = 'smallint'::regtype
                      and t.attnotnull and not t.atthasdef and t.attidentity = '')
union all
-- Readers of the log follow seq through all regions: a key that begins with it saves a second index.
select 'key_not_led_by_region_id', r.name || ' ' || i.indexrelid::regclass::text
  from region_tb r join pg_index i on i.indrelid = r.oid
 where i.indisunique and r.name !~ '^events\.event_log'
   and not exists (select from pg_attribute t
                    where t.attrelid = r.oid and t.attnum = i.indkey[0] and t.attname = 'region_id')
union all
select 'key_not_led_by_region_id', object
  from con
 where contype = 'f' and conrelid in (select oid from region_tb) and confrelid in (select oid from region_tb)
   and not exists (select from pg_attribute t
                    where t.attrelid = conrelid and t.attnum = conkey[1] and t.attname = 'region_id')
union all
select 'append_only_table_not_partitioned', name
  from append_only
 where not relispartition
   and not exists (select from pg_partitioned_table p where p.partrelid = append_only.oid and p.partstrat = 'r')

-- Rights
union all
select 'append_only_table_can_be_changed', concat_ws(' ', name, column_name, privilege_type, grantee)
  from granted
 where oid in (select oid from append_only) and privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')
union all
select 'append_only_table_can_be_changed', name || ' ' || polname
  from pol
 where polrelid in (select oid from append_only) and polcmd in ('w', 'd', '*') and polpermissive
   and not (polcmd = 'w' and polroles = array['scoville_owner'::regrole::oid])  -- erasures: no login becomes the owner
union all
select 'write_right_outside_the_definer', concat_ws(' ', name, column_name, privilege_type, grantee)
  from granted
 where privilege_type <> 'SELECT' and grantee <> 'scoville_definer'
union all
select 'right_on_a_table_that_nobody_should_have', concat_ws(' ', name, column_name, privilege_type, grantee)
  from granted
 where grantee in ('public', 'authenticator') or privilege_type in ('TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN')
union all
-- INSERT is granted by column, too, where no order writes: PostgreSQL checks each column in every statement.
select 'insert_or_update_granted_without_columns', concat_ws(' ', name, privilege_type, grantee)
  from granted
 where column_name is null and (privilege_type = 'UPDATE' or privilege_type = 'INSERT' and name not in (
         'orders.orders', 'orders.order_lines', 'orders.order_allocations', 'orders.order_contacts', 'stock.stock_movements',
         'events.outbox', 'audit.audit_log', 'identity.idempotency_keys'))
union all
select 'login_can_act_as_an_owner', concat_ws(' ', m.rolname, o.rolname)
  from pg_roles m, pg_roles o
 where m.rolname in ('authenticator', 'admin', 'warehouse', 'sales', 'integration', 'scoville_worker', 'bi_reader', 'bi_reader_all')
   and o.rolname in ('scoville_owner', 'scoville_definer') and pg_has_role(m.oid, o.oid, 'member')

-- Policies (eight rules, 4)
union all
select 'policy_for_all', name || ' ' || polname from pol where polcmd = '*'
union all
select 'region_table_without_region_policy', name
  from region_tb
 where not relispartition
   and not exists (select from pol
                    where pol.polrelid = region_tb.oid and pol.polcmd = 'r' and not pol.polpermissive
                      and pol.expr ~ 'region_id.*claim_region.*OR .*reaches_all_regions\(\)'
                      and pol.polroles @> array['warehouse'::regrole, 'sales'::regrole, 'integration'::regrole, 'scoville_definer'::regrole]::oid[])
union all
select 'policy_to_public', name || ' ' || polname from pol where polroles = '{0}'
union all
-- Without its own check an update may not move a row out of sight, but nobody can read that off it.
select 'update_policy_without_check', name || ' ' || polname from pol where polcmd = 'w' and (polqual is null or polwithcheck is null)
union all
-- Bound analysts alone may wait for a lookup: no command and no query of the API has these policies.
select 'policy_looks_up_or_tests_null', name || ' ' || polname
  from pol
 where expr ~* '\m(select|exists|is null|is not null)\M' and polroles <> array['bi_reader'::regrole]::oid[]
union all
select 'policy_calls_a_function_of_the_row', name || ' ' || polname
  from pol
 where expr ~ '\m(analytics|api|app|audit|bi|catalog|events|identity|jobs|orders|stock|webhooks)\.\w+\([^)]'
union all
select 'policy_function_not_stable', name || ' ' || polname || ' ' || fn.sig
  from pol join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = pol.oid and d.refclassid = 'pg_proc'::regclass
           join fn on fn.oid = d.refobjid
 where fn.provolatile = 'v' or fn.prolang <> (select oid from pg_language where lanname = 'sql')
union all
select 'policy_not_named_by_table_command_whose', name || ' ' || polname
  from pol
 where polname !~ ('^' || relname || '_' || command || '_.')

-- Triggers (seven rules, 5)
union all
select 'trigger_not_named_by_table_and_task', object from tg where tgname !~ ('^tg_' || relname || '__[a-z]')
union all
select 'trigger_on_a_table_without_region', object from tg where tgrelid not in (select oid from region_tb)
union all
select 'trigger_for_each_row', object from tg where tgtype & 1 = 1
