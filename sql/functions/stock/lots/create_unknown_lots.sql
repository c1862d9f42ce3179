-- Creates the lots of units whose number nobody can read, where these SKUs have none yet. They are quarantined for good.
create or replace function stock.create_unknown_lots(
  p_region_id smallint,
  p_sku_ids text[],
  p_actor text,
  p_request_id text
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  insert into stock.lots (region_id, sku_id, batch_number, batch_key, status, changed_by, change_reason, request_id)
  select distinct p_region_id, s, 'UNKNOWN', stock.unknown_lot_key(), 'quarantined', p_actor, 'return', p_request_id
    from unnest(p_sku_ids) s
   order by s
  on conflict do nothing;
$$;

grant execute on function stock.create_unknown_lots(smallint, text[], text, text) to scoville_definer;
