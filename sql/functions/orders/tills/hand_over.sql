-- Places and hands over the orders of a batch that were sold at a till (member handed_over), one after the other; the others are returned
-- unchanged. The customer holds the bottle, so these are decided before the others of the batch.
-- Lock order: levels to be created (stock.claim_new_levels), then stock_levels of the whole batch in key order, and what
-- stock.lock_candidates locks with them; the orders that are allocated afterwards find theirs locked. Then as orders.hand_over_draft.
create or replace function orders.hand_over(
  p_region_id smallint,
  p_orders jsonb,
  p_drafts orders.draft[],
  out p_others orders.draft[],
  out p_placed orders.draft[],
  out p_results api.result[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_sold orders.draft[] := '{}';
  v_warehouses text[] := '{}';
  v_skus text[] := '{}';
  v_stock orders.draft;
  v_request jsonb;
  v_refusal api.refusal;
  v_handed record;
begin
  p_others := '{}';
  p_placed := '{}';
  p_results := '{}';
  for i in 1 .. cardinality(p_drafts) loop
    v_request := nullif(p_orders -> p_drafts[i].ordinal - 1 -> 'handed_over', 'null');
    if v_request is null then
      p_others := p_others || p_drafts[i];
      continue;
    end if;
    v_stock := (orders.explode_drafts(array[p_drafts[i]]))[1];
    v_refusal := orders.refuse_handover(p_region_id => p_region_id, p_order => p_orders -> p_drafts[i].ordinal - 1,
      p_draft => v_stock);
    if v_refusal.code is not null then
      p_results := p_results || app.result_of(p_drafts[i].ordinal, v_refusal);
      continue;
    end if;
    v_sold := v_sold || p_drafts[i];
    if (v_request ->> 'offline')::boolean then
      v_warehouses := v_warehouses || array_fill(v_request ->> 'warehouse_location', array[cardinality(v_stock.sku_ids)]);
      v_skus := v_skus || v_stock.sku_ids;
    end if;
  end loop;
  if cardinality(v_skus) > 0 then
    insert into stock.stock_levels (region_id, warehouse_id, sku_id)
    select p_region_id, k.warehouse_id, k.sku_id
      from stock.claim_new_levels(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus) k
    on conflict do nothing;
  end if;
  perform stock.lock_candidates(p_region_id => p_region_id, p_demands => array(
    select stock.new_demand(p_ordinal => d.ordinal, p_sku_id => s.sku_id, p_channel_id => d.channel_id, p_reservation_id => d.reservation_id)
      from unnest(orders.explode_drafts(v_sold || p_others)) d
     cross join lateral unnest(d.sku_ids) s (sku_id)
     where not d.historic));
  for i in 1 .. cardinality(v_sold) loop
    v_handed := orders.hand_over_draft(p_region_id => p_region_id, p_draft => v_sold[i],
      p_request => p_orders -> v_sold[i].ordinal - 1 -> 'handed_over');
    p_results := p_results || v_handed.p_result;
    if (v_handed.p_placed).order_id is not null then
      p_placed := p_placed || v_handed.p_placed;
    end if;
  end loop;
end
$$;

grant execute on function orders.hand_over(smallint, jsonb, orders.draft[]) to scoville_definer;
