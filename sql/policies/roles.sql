-- The roles of the cluster. The deploying login runs this file before any migration, at every deploy (it needs CREATEROLE or
-- superuser). All other files of this folder are replayed as scoville_owner.
--
--   scoville_owner    owns schemas, tables and functions; nobody logs in as it
--   scoville_definer  owns the SECURITY DEFINER entry points; owns no table, so row-level security binds it
--   authenticator     the API's only login: has no rights of its own, may become one of the five below
--   admin warehouse sales integration   what a caller may do; the caller's claims decide on which rows
--   scoville_worker   runs the functions of schema jobs
--   bi_reader         group of the analysts' logins; reads the views of schema bi
--   bi_reader_all     those of them without warehouses
do $$
declare
  v_role text;
begin
  foreach v_role in array array['scoville_owner', 'scoville_definer', 'admin', 'warehouse', 'sales', 'integration',
                                'scoville_worker', 'bi_reader', 'bi_reader_all'] loop
    if not exists (select from pg_roles r where r.rolname = v_role) then
      execute format('create role %I nologin', v_role);
    end if;
  end loop;
  if not exists (select from pg_roles r where r.rolname = 'authenticator') then
    create role authenticator login noinherit;
  end if;
  -- Its statements are short, so compiling one takes longer than running it. PostgreSQL 15 to 17 would compile each statement
  -- planned with enable_seqscan off, because its estimated cost is enormous.
  if not exists (select from pg_db_role_setting s
                  where s.setrole = 'authenticator'::regrole and s.setdatabase = 0 and 'jit=off' = any (s.setconfig)) then
    alter role authenticator set jit = off;
  end if;

  -- A role of the same name with more rights, made by another system, would undo every rule below.
  select r.rolname into v_role
    from pg_roles r
   where r.rolname in ('scoville_owner', 'scoville_definer', 'authenticator', 'admin', 'warehouse', 'sales', 'integration',
                       'scoville_worker', 'bi_reader', 'bi_reader_all')
     and (r.rolsuper or r.rolbypassrls or r.rolcreaterole)
   limit 1;
  if found then
    raise exception using
      errcode = 'object_not_in_prerequisite_state',
      message = format('role %s may bypass row-level security', v_role),
      hint = 'Scoville needs this role without SUPERUSER, BYPASSRLS and CREATEROLE; use a server where the name is free.';
  end if;
end
$$;

grant admin, warehouse, sales, integration, scoville_worker to authenticator;
-- The owner makes the definer the owner of functions, so it must be a member of the definer.
grant scoville_definer to scoville_owner;
grant bi_reader to bi_reader_all;
