-- Definer: nobody holds a write right on a table; this is the way to open a sales channel and to say which warehouses serve
-- it, in which order.
create or replace function api.save_channels(
  p_channels jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_item record;
  v_old jsonb;
  v_new jsonb;
  v_refusal jsonb;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, e.value ->> 'channel_id' as id,
           coalesce(c.region_id, (e.value ->> 'region_id')::smallint, 1::smallint) as region_id
      from pg_catalog.jsonb_array_elements(p_channels) with ordinality e
      left join catalog.channels c on c.channel_id = e.value ->> 'channel_id'
     order by e.ordinality
  loop
    v_old := catalog.channel_document(v_item.id);
    v_refusal := catalog.refuse_channel(v_item.item, v_item.region_id);
    if v_refusal is not null then
      return query select v_item.nth, v_refusal ->> 'code', false, (v_refusal -> 'body')::json;
      continue;
    end if;
    insert into catalog.channels as c (channel_id, region_id, name, kind, pricing, active, created_at, updated_at)
    values (v_item.id, v_item.region_id, coalesce(v_item.item ->> 'name', v_item.id),
            coalesce(v_item.item ->> 'kind', 'web'), coalesce(v_item.item ->> 'pricing', 'list'),
            coalesce((v_item.item ->> 'active')::boolean, true), app.now(), app.now())
    on conflict on constraint channels_pkey do update
       set name = coalesce(v_item.item ->> 'name', c.name), kind = coalesce(v_item.item ->> 'kind', c.kind),
           pricing = coalesce(v_item.item ->> 'pricing', c.pricing),
           active = coalesce((v_item.item ->> 'active')::boolean, c.active),
           version = c.version + 1, updated_at = app.now();
    if v_item.item -> 'warehouses' <> 'null' then
      delete from catalog.channel_warehouses w where w.channel_id = v_item.id;
      insert into catalog.channel_warehouses (channel_id, warehouse_id, priority)
      select v_item.id, w.value, min(w.ordinality)
        from pg_catalog.jsonb_array_elements_text(v_item.item -> 'warehouses') with ordinality w
       group by w.value
      on conflict do nothing;
    end if;
    v_new := catalog.channel_document(v_item.id);
    perform audit.record(case when v_old is null then 'insert' else 'update' end, 'catalog.channels', v_item.id, v_old, v_new,
      null, coalesce(v_item.item -> 'meta' ->> 'actor', app.claim_subject()),
      coalesce(v_item.item -> 'meta' ->> 'request_id', app.claim_request_id()));
    return query select v_item.nth, null::text, false, v_new::json;
  end loop;
end
$$;

comment on function api.save_channels(jsonb) is
  'Makes or changes channels. An array of {channel_id, name, kind, pricing, region_id, warehouses, active}; a result for each, in '
  'order. warehouses stand in the order in which they are asked.';
alter function api.save_channels(jsonb) owner to scoville_definer;
grant execute on function api.save_channels(jsonb) to admin;
