-- Creates, changes or retires one sales channel, and sets which warehouses serve it, in which order, and its rules. Writes the
-- audit and the event. A channel never changes its region.
-- Lock order: catalog rows come before every row of stock.
create or replace function catalog.save_channel(
  p_write catalog.write
)
  returns table (refusal api.refusal, body json, created boolean)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb;
  v_decision record;
  v_channel catalog.channels;
begin
  perform from catalog.channels c where c.channel_id = p_write.id for no key update;
  -- A separate statement, so that it sees the warehouses as the last holder of the lock left them.
  select catalog.channel_document(c)::jsonb into v_old from catalog.channels c where c.channel_id = p_write.id;
  created := v_old is null;
  v_decision := catalog.decide(p_write => p_write, p_noun => 'channels', p_old => v_old, p_defaults =>
    jsonb_build_object('channel_id', p_write.id, 'name', p_write.id,
      'kind', 'web', 'pricing', 'list', 'hold_share_max', 100, 'unpaid_minutes', 60,
      'region_id', coalesce((v_old ->> 'region_id')::smallint, 1),
      'warehouses', '{}'::text[], 'sale_rules', '[]'::jsonb, 'freshness_rules', '[]'::jsonb, 'active', true));
  refusal := v_decision.refusal;
  if refusal is null and v_decision.document -> 'sale_rules' is distinct from coalesce(v_old -> 'sale_rules', '[]') then
    refusal := catalog.refuse_sale_rules(v_decision.document, v_old);
  end if;
  if refusal is null and v_decision.document -> 'freshness_rules' is distinct from coalesce(v_old -> 'freshness_rules', '[]') then
    refusal := catalog.refuse_freshness_rules(v_decision.document);
  end if;
  if refusal is not null then
    return next;
    return;
  end if;
  if v_decision.document -> 'sale_rules' <> '[]' then
    v_decision.document := v_decision.document || jsonb_build_object('sale_rules', catalog.complete_sale_rules(v_decision.document));
  end if;
  v_decision.document := v_decision.document || jsonb_build_object('freshness_rules', catalog.complete_freshness_rules(v_decision.document));
  v_channel := jsonb_populate_record(null::catalog.channels, v_decision.document);
  if created then
    insert into catalog.channels as c
      (channel_id, region_id, name, kind, pricing, hold_share_max, unpaid_minutes, freshness_rules, active,
       created_at, updated_at)
    values (v_channel.channel_id, v_channel.region_id, v_channel.name, v_channel.kind, v_channel.pricing, v_channel.hold_share_max,
            v_channel.unpaid_minutes, v_channel.freshness_rules, v_channel.active, app.now(), app.now())
    on conflict do nothing
    returning c.* into v_channel;
    if not found then  -- another session has just created it: it can be changed, or the write is refused
      return query select s.* from catalog.save_channel(p_write) s;
      return;
    end if;
  elsif v_decision.document <> v_old then
    update catalog.channels c
       set name = v_channel.name, kind = v_channel.kind, pricing = v_channel.pricing, hold_share_max = v_channel.hold_share_max,
           unpaid_minutes = v_channel.unpaid_minutes, freshness_rules = v_channel.freshness_rules, active = v_channel.active, version = c.version + 1, updated_at = app.now()
     where c.channel_id = p_write.id
    returning c.* into v_channel;
  end if;
  if v_decision.document -> 'warehouses' is distinct from v_old -> 'warehouses' then
    delete from catalog.channel_warehouses w where w.channel_id = p_write.id;
    insert into catalog.channel_warehouses (channel_id, warehouse_id, priority)
    select p_write.id, w.value, min(w.ordinality)
      from jsonb_array_elements_text(v_decision.document -> 'warehouses') with ordinality w
     group by w.value
    on conflict do nothing;
  end if;
  if v_decision.document -> 'sale_rules' is distinct from v_old -> 'sale_rules' then
    delete from catalog.sale_rules r where r.channel_id = p_write.id;
    insert into catalog.sale_rules (channel_id, rule_no, sku_id, mode, units_max, priority, ships_on)
    select p_write.id, r.ordinality, r.value ->> 'sku_id', r.value ->> 'mode', (r.value ->> 'units_max')::integer,
           (r.value ->> 'priority')::smallint, (r.value ->> 'ships_on')::date
      from jsonb_array_elements(v_decision.document -> 'sale_rules') with ordinality r
    on conflict do nothing;
  end if;
  body := catalog.channel_document(v_channel);
  if body::jsonb is distinct from v_old then
    perform catalog.record_write(
      p_write => p_write, p_table_name => 'catalog.channels', p_old => v_old, p_new => body::jsonb);
    perform events.emit_catalog_event(p_noun => 'channel', p_old => v_old, p_new => body::jsonb, p_actor => p_write.actor,
      p_request_id => p_write.request_id);
  end if;
  return next;
end
$$;

grant execute on function catalog.save_channel(catalog.write) to scoville_definer;
