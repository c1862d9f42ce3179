-- Ends what stock.find_overdue found, so that its units serve whoever needs them: reservations expire, unpaid orders are canceled.
-- p_warehouse_ids, p_sku_ids: the levels that the caller has locked. p_order_ids: orders that the caller locks afterwards; they are
-- locked here, in one pass with the others.
-- The orders may be of channels outside the caller's claims. They end no matter who notices. While they do, the claims include those
-- channels too; the caller did not name them and gets no access to them.
-- Lock order: the caller has locked the stock_levels; here the reservations (with p_converted), then the orders.
create or replace function stock.end_overdue(
  p_region_id smallint,
  p_reservation_ids bigint[],
  p_unpaid_ids bigint[],
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_converted bigint[] default '{}',
  p_order_ids bigint[] default '{}'
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_claim text[] := app.claim_channels();
begin
  perform stock.end_reservations(p_region_id => p_region_id, p_reservation_ids => p_reservation_ids, p_status => 'expired',
    p_actor => 'system');
  if cardinality(p_unpaid_ids) > 0 then
    perform stock.lock_live_reservations(p_region_id, p_converted);
    perform set_config('scoville.channels', array(
      select unnest(v_claim)
       union
      select a.channel_id
        from orders.order_allocations a
       where a.region_id = p_region_id and a.order_id = any (p_unpaid_ids))::text, true);
    perform orders.lock_rows(p_region_id => p_region_id, p_order_ids => p_unpaid_ids || p_order_ids,
      p_warehouse_ids => p_warehouse_ids, p_sku_ids => p_sku_ids);
    perform orders.cancel_unpaid(p_region_id, p_unpaid_ids);
    perform set_config('scoville.channels', coalesce(v_claim::text, ''), true);
  end if;
end
$$;

grant execute on function stock.end_overdue(smallint, bigint[], bigint[], text[], text[], bigint[], bigint[]) to scoville_definer;
