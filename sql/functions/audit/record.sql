-- Writes the audit row of a change to a table that has no trigger: the catalog and API clients, which every region shares. Their region
-- is 0. Also writes one row that stands for several.
-- The row of an update keeps only the differences.
create or replace function audit.record(
  p_action text,
  p_table_name text,
  p_row_key text,
  p_old jsonb,
  p_new jsonb,
  p_reason text,
  p_actor text,
  p_request_id text,
  p_region_id smallint default 0
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  insert into audit.audit_log
    (region_id, recorded_at, actor, role, action, table_name, row_key, old, new, reason, request_id)
  values (p_region_id, app.now(), p_actor, app.claim_role(), p_action, p_table_name, p_row_key,
          audit.differences(p_old, p_new), audit.differences(p_new, p_old), p_reason, p_request_id);
$$;

grant execute on function audit.record(text, text, text, jsonb, jsonb, text, text, text, smallint) to scoville_definer;
