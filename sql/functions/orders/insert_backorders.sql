-- Queues the missing units of these new orders. Returns the drafts, with the days that purchases promise them in their documents.
-- Lock order: the caller has locked every level that could serve them (stock.allocate, orders.open_queue).
create or replace function orders.insert_backorders(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns orders.draft[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_skus text[];
  v_promised bigint[];
  v_draft record;
begin
  with written as (
    insert into orders.backorders (region_id, order_id, sku_id, channel_id, warehouse_ids, quantity, priority, queued_at)
    select p_region_id, d.order_id, a.sku_id, d.channel_id, d.warehouse_ids, a.quantity, coalesce(r.priority, 0), app.now()
      from unnest(p_drafts) d
      join unnest(p_allocations) a on a.ordinal = d.ordinal and a.waits
     cross join lateral catalog.sale_rule(d.channel_id, a.sku_id) r
    returning sku_id
  )
  select array_agg(distinct w.sku_id) into v_skus from written w;
  v_promised := array(select distinct m.order_id from orders.promise_dates(p_region_id, v_skus) m
                       where m.promised_on is not null and m.order_id in (select d.order_id from unnest(p_drafts) d));
  if cardinality(v_promised) > 0 then
    for v_draft in
      select d.ordinality as nth, m.document
        from unnest(p_drafts) with ordinality d
        join orders.documents(p_region_id, v_promised) m on m.order_id = d.order_id
    loop
      p_drafts[v_draft.nth].document := v_draft.document;
    end loop;
  end if;
  return p_drafts;
end
$$;

grant execute on function orders.insert_backorders(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
