-- One page of webhooks, the oldest first. Absent filters are null and drop out. Row-level security limits an integration to its own.
create or replace function api.list_webhooks(
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
  v_after bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'webhooks', p_values => 1) ->> 1);
  v_active boolean := (p_filters ->> 'active')::boolean;
  v_ids bigint[];
begin
  v_ids := array(
    select p.endpoint_id
      from webhooks.endpoints p
     where p.region_id = p_region_id and p.deleted_at is null
       and (v_after is null or p.endpoint_id > v_after)
       and (v_active is null or p.active = v_active)
     order by p.endpoint_id
     limit p_limit + 1);
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('webhooks', v_ids[p_limit]::text)) end;
  select json_build_object('data', coalesce(json_agg(d.document order by d.endpoint_id), '[]'),
           'next_cursor', list_webhooks.next_cursor)
    into body
    from webhooks.documents(p_region_id, v_ids[:p_limit]) d;
  return next;
end
$$;

comment on function api.list_webhooks(smallint, jsonb, text, integer) is 'Webhooks, the oldest first, without their secrets. Filter: active.
Errors: VA001';
grant execute on function api.list_webhooks(smallint, jsonb, text, integer) to admin, integration;
