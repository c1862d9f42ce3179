-- Writes the event of each new order. Historic orders get their own type, so that nobody ships what left long ago.
create or replace function orders.emit_placed(
  p_region_id smallint,
  p_orders orders.orders[],
  p_documents json[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_kind record;
begin
  for v_kind in
    select case when n.historic then 'order.recorded' else 'order.placed' end as type, array_agg(n.place order by n.place) as places
      from (select w.ordinality as place, w.status = 'completed' as historic
              from unnest(p_orders) with ordinality w) n
     group by n.historic
  loop
    perform orders.emit_documents(p_region_id => p_region_id, p_type => v_kind.type,
      p_orders => array(select p_orders[p] from unnest(v_kind.places) with ordinality u (p, nth) order by u.nth),
      p_documents => array(select p_documents[p] from unnest(v_kind.places) with ordinality u (p, nth) order by u.nth));
  end loop;
end
$$;

grant execute on function orders.emit_placed(smallint, orders.orders[], json[]) to scoville_definer;
