-- One page of the API clients of all regions.
create or replace function api.list_clients(
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
  v_after text := app.decode_cursor(p_cursor => p_cursor, p_list => 'clients', p_values => 1) ->> 1;
  v_q text := p_filters ->> 'q';
  v_ids text[];
begin
  select coalesce(array_agg(s.client_id order by s.client_id), '{}') into v_ids
    from (select c.client_id
            from identity.clients c
           where (v_after is null or c.client_id > v_after)
             and (v_q is null or app.matches(v_q, c.client_id || ' ' || c.name))
             and (p_filters ->> 'role' is null or c.role = p_filters ->> 'role')
             and (p_filters ->> 'active' is null or c.active = (p_filters ->> 'active')::boolean)
           order by c.client_id
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('clients', v_ids[p_limit])) end;
  return query
    select json_build_object('data', coalesce(json_agg(identity.client_document(i.id) order by i.nth), '[]'),
             'next_cursor', list_clients.next_cursor), list_clients.next_cursor
      from unnest(v_ids[:p_limit]) with ordinality as i (id, nth);
end
$$;

comment on function api.list_clients(jsonb, text, integer) is
  'API clients by ID, without their secrets. Filters: q (words in ID or name), role, active.
Errors: VA001';
grant execute on function api.list_clients(jsonb, text, integer) to admin;
