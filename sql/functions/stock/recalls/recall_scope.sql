-- Whom a recall concerns, by its frozen lists: the warehouses that have units of its lots or wait for
-- them, and the channels of its parcels and orders.
create or replace function stock.recall_scope(
  p_region_id smallint,
  p_recall_id bigint,
  out warehouse_ids text[],
  out channel_ids text[]
)
  language sql
  stable
  set search_path = ''
as $$
  select array(select distinct p.warehouse_id
                 from stock.recall_places p where p.region_id = p_region_id and p.recall_id = p_recall_id order by 1),
         array(select c.channel_id from stock.recall_parcels c where c.region_id = p_region_id and c.recall_id = p_recall_id
                union
               select o.channel_id from stock.recall_orders o where o.region_id = p_region_id and o.recall_id = p_recall_id
                order by 1);
$$;

grant execute on function stock.recall_scope(smallint, bigint) to scoville_definer;
