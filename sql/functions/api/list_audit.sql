-- One page of the audit, the latest first. Rows of the catalog belong to every region.
create or replace function api.list_audit(
  p_region_id smallint,
  p_filters jsonb,
  p_cursor text,
  p_limit integer
)
  returns table (body json, next_cursor text)
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'audit', p_values => 1) ->> 1);
  v_from timestamptz;
  v_to timestamptz;
  v_rows json[];
  v_last jsonb;
begin
  select r.from_at, r.to_at into v_from, v_to from app.read_range(p_region_id, p_filters) r;
  select array_agg(s.document order by s.audit_id desc),
         jsonb_build_array('audit', min(s.audit_id) filter (where s.nth = p_limit)::text)
    into v_rows, v_last
    from (select a.audit_id, row_number() over (order by a.audit_id desc) as nth, json_build_object(
                   'audit_id', a.audit_id, 'recorded_at', app.rfc3339(a.recorded_at), 'actor', a.actor, 'role', a.role,
                   'action', a.action, 'table', a.table_name, 'key', a.row_key, 'old', a.old,
                   'new', case when a.action = 'insert' and a.table_name = 'orders.orders'
                               then coalesce(a.new, audit.inserted_order(a.region_id, a.row_key::bigint)) else a.new end,
                   'reason', a.reason, 'request_id', a.request_id) as document
            from (values (0::smallint), (p_region_id)) r (region_id)
           cross join lateral (
             select l.*
               from audit.audit_log l
              where l.region_id = r.region_id
                and (v_before is null or l.audit_id < v_before)
                and (v_from is null or l.recorded_at >= v_from)
                and (v_to is null or l.recorded_at < v_to)
                and (p_filters ->> 'table' is null or l.table_name = p_filters ->> 'table')
                and (p_filters ->> 'key' is null or l.row_key = p_filters ->> 'key')
                and (p_filters ->> 'actor' is null or l.actor = p_filters ->> 'actor')
              order by l.audit_id desc
              limit p_limit + 1) a  -- of each region by itself, as its index has them
           order by a.audit_id desc
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit => p_limit, p_documents => v_rows, p_last => v_last) p;
end
$$;

comment on function api.list_audit(smallint, jsonb, text, integer) is
  'Changes with actor, time and reason, the latest first. Filters: table, key, actor, from (inclusive), to (exclusive).
Errors: VA001';
grant execute on function api.list_audit(smallint, jsonb, text, integer) to admin;
