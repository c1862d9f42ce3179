-- The events of a posting: per level one for each kind of change. Whether a SKU is low or out is decided behind the posting
-- (events.announce_stock): here, only the posted levels are locked.
-- Called after the levels were changed: the old values are the new ones less p_net, the sum of the movements by level.
create or replace function events.emit_stock_events(
  p_region_id smallint,
  p_movements stock.movement[],
  p_net stock.movement[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_written integer;
  -- Read apart: an order moves no lot, and its statement needs no join with them.
  v_numbers jsonb := case when exists (select from unnest(p_movements) m where m.lot_id is not null) then (
    select jsonb_object_agg(t.lot_id, t.batch_number)
      from stock.lots t
     where t.region_id = p_region_id and t.lot_id = any (array(select m.lot_id from unnest(p_movements) m))) end;
begin
  with moved as (
    select m.*, case m.kind when 'receipt' then 'stock.received' when 'return' then 'stock.received'
                            when 'transfer_in' then 'stock.received' when 'reserve' then 'stock.reserved'
                            when 'release' then 'stock.released' when 'commit' then 'stock.committed'
                            when 'uncommit' then 'stock.released' when 'fulfill' then 'stock.fulfilled'
                            when 'withhold' then 'stock.withheld' when 'restock' then 'stock.disposed'
                            when 'scrap' then 'stock.disposed' when 'send_back' then 'stock.disposed'
                            else 'stock.adjusted' end as type
      from unnest(p_movements) with ordinality m
  ), changes as (
    select m.warehouse_id, m.sku_id, m.type, min(m.ordinality) as first,
           (array_agg(m.actor order by m.ordinality))[1] as actor,
           (array_agg(m.request_id order by m.ordinality))[1] as request_id,
           jsonb_build_object(
             'reason_codes', coalesce(jsonb_agg(distinct m.reason_code) filter (where m.reason_code is not null), '[]'),
             'documents', coalesce(jsonb_agg(distinct m.document) filter (where m.document is not null), '[]'),
             'actors', jsonb_agg(distinct m.actor)) as reasons,
           jsonb_agg(jsonb_build_object('batch_number', v_numbers -> m.lot_id::text, 'delta', (m.delta).on_hand)
                     || case when m.withheld is null then '{}' else jsonb_build_object('withheld', m.withheld,
                          'withholding_id', stock.withholding_public_id(p_region_id, m.withholding_id)) end order by m.ordinality)
             filter (where m.lot_id is not null and ((m.delta).on_hand <> 0 or m.withheld <> 0)) as batches
      from moved m
     group by m.warehouse_id, m.sku_id, m.type
  ), levels as (
    select l.warehouse_id, l.sku_id, l.version,
           stock.transition_document(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_version => l.version,
             p_updated_at => l.updated_at, p_new => stock.to_counters(l), p_delta => n.delta) as states
      from unnest(p_net) n
      join stock.stock_levels l
        on l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
  ), written as (
    insert into events.outbox
      (region_id, type, audience, subject, sku_id, warehouse_ids, version, data, actor, request_id, occurred_at)
    select p_region_id, c.type, a.audience, 'stock/' || l.warehouse_id || '/' || l.sku_id, l.sku_id,
           array[l.warehouse_id], l.version,
           l.states || c.reasons || case when c.batches is null then '{}' else jsonb_build_object('batches', c.batches) end,
           c.actor, c.request_id, app.now()
      from levels l
      join changes c on c.warehouse_id = l.warehouse_id and c.sku_id = l.sku_id
      join events.event_types a on a.type = c.type
     order by l.warehouse_id, l.sku_id, c.first
    returning 1
  )
  select count(*) into v_written from written;
  if v_written = 0 and cardinality(p_movements) > 0 then
    raise exception using errcode = 'internal_error', message = 'movements without an event';
  end if;
end
$$;

grant execute on function events.emit_stock_events(smallint, stock.movement[], stock.movement[]) to scoville_definer;
