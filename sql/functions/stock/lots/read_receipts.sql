-- Reads receipts, makes what an admin's receipt names and does not exist yet (warehouse, SKU, lot), and refuses those that
-- contradict what exists or would pass the limit of a level. Locks nothing of stock.
create or replace function stock.read_receipts(
  p_region_id smallint,
  p_receipts jsonb,
  p_skip integer[]
)
  returns stock.draft[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_drafts stock.draft[];
begin
  v_drafts := array(
    select d from stock.read_drafts(p_region_id, p_receipts, 'received', app.claim_role() = 'admin') d
     where d.ordinal <> all (p_skip)
     order by d.ordinal);
  v_drafts := array(
    select row(d.ordinal,
               case when d.batch_number is null then 'ST015'
                    when d.backwards or d.counted < 0 then 'VA001'
                    when d.total > 2000000000 then 'ST014' end,
               case when d.batch_number is null then app.refusal('Every unit belongs to a batch: name it.', '/batch_number')
                    when d.backwards then app.refusal('A batch is made before it expires.', '/manufactured_on')
                    when d.counted < 0 then app.refusal('A receipt adds units. Adjust the stock to take some away.', '/stock')
                    when d.total > 2000000000 then app.refusal(
                      'A warehouse holds at most 2,000,000,000 units of a SKU.', '/stock') end,
               d.sku_id, d.warehouse_id, d.delta, d.counted, d.batch_number, d.lot_id, d.reason_code, d.note, d.document,
               d.change_from, d.if_match, d.actor, d.request_id, d.element)::stock.draft
      from (select c.*, coalesce(l.on_hand, 0)
                   + sum(c.counted) over (partition by c.warehouse_id, c.sku_id order by c.ordinal) as total,
                   (c.element ->> 'manufactured_on')::date > (c.element ->> 'expiration_date')::date as backwards
              from unnest(v_drafts) c
              left join stock.stock_levels l
                on l.region_id = p_region_id and l.warehouse_id = c.warehouse_id and l.sku_id = c.sku_id
             where c.code is null) d)
    || array(select d from unnest(v_drafts) d where d.code is not null);
  v_drafts := catalog.refuse_unnamed(v_drafts);
  -- Against what was there already first: what is made for a receipt stays, so it is made for none that is refused.
  v_drafts := stock.match_lots(p_region_id, catalog.refuse_conflicts(v_drafts));
  perform catalog.create_skus(v_drafts);
  v_drafts := catalog.refuse_conflicts(v_drafts);
  perform stock.create_lots(p_region_id, v_drafts);
  v_drafts := stock.match_lots(p_region_id, v_drafts);
  perform catalog.create_warehouses(p_region_id, v_drafts);
  return v_drafts;
end
$$;

grant execute on function stock.read_receipts(smallint, jsonb, integer[]) to scoville_definer;
