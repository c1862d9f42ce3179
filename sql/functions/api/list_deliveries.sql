-- One page of the deliveries of a webhook, the latest event first, each with its attempts.
create or replace function api.list_deliveries(
  p_region_id smallint,
  p_webhook_id text,
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
  v_endpoint_id bigint := webhooks.find_endpoint(p_region_id, p_webhook_id);
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'deliveries', p_values => 1) ->> 1);
  v_status text := case p_filters ->> 'status' when 'sending' then 'queued' else p_filters ->> 'status' end;
  v_type text := p_filters ->> 'type';
  v_ids bigint[];
begin
  if v_endpoint_id is null then
    perform app.raise_refusal(webhooks.missing(p_webhook_id));
  end if;
  v_ids := array(
    select d.delivery_id
      from webhooks.deliveries d
     where d.region_id = p_region_id and d.endpoint_id = v_endpoint_id
       and (v_before is null or d.delivery_id < v_before)
       and (v_status is null or d.status = v_status)
       and (v_type is null or d.type = v_type)
     order by d.delivery_id desc
     limit p_limit + 1);
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('deliveries', v_ids[p_limit]::text)) end;
  select json_build_object('data', coalesce(json_agg(d.document order by d.delivery_id desc), '[]'),
           'next_cursor', list_deliveries.next_cursor)
    into body
    from webhooks.delivery_documents(
           p_region_id => p_region_id, p_endpoint_id => v_endpoint_id, p_delivery_ids => v_ids[:p_limit]) d;
  return next;
end
$$;

comment on function api.list_deliveries(smallint, text, jsonb, text, integer) is
  'Deliveries of a webhook, the latest event first, with their attempts. Filters: status, type (of the event).';
grant execute on function api.list_deliveries(smallint, text, jsonb, text, integer) to admin, integration;
