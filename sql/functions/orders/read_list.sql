-- A page of the list of orders: the latest placed first, or (updated_since) those changed since, the earliest change first, before
-- p_until. A search by words (q) reads at most c_rows_max orders a page: it may find less than a page, or nothing, and continues after
-- the last one that it read. An index of parts of words would cost more than the rest of an order's writes.
-- Stable: every query sees the snapshot of the caller's statement.
create or replace function orders.read_list(
  p_region_id smallint,
  p_filters jsonb,
  p_until timestamptz,
  p_cursor text,
  p_limit integer,
  out body json,
  out next_cursor text
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_year_1 constant bigint := 62135596800000000;  -- microseconds from year 1 to 1970: a cursor has no negative numbers
  c_rows_max constant integer := 10000;
  v_since timestamptz := app.read_moment(p_region_id, p_filters ->> 'updated_since');
  v_list constant text := case when v_since is null then 'orders' else 'changed orders' end;
  v_position jsonb := app.decode_cursor(p_cursor => p_cursor, p_list => v_list, p_values => 2);
  v_after_at timestamptz := timestamptz 'epoch' + (app.cursor_number(v_position ->> 1) - c_year_1) * interval '1 microsecond';
  v_after_id bigint := app.cursor_number(v_position ->> 2);
  v_sku text := p_filters ->> 'sku';
  v_component jsonb := jsonb_build_array(jsonb_build_object('sku_id', v_sku));  -- as a part of a bundle
  v_waiting boolean := (p_filters ->> 'waiting')::boolean;
  v_short boolean := (p_filters ->> 'short')::boolean;
  v_short_ids bigint[] := case when v_short is not null then orders.short_orders(p_region_id) end;
  v_named bigint[];
  v_words text;
  v_rows integer;
  v_ids bigint[];
  v_times timestamptz[];
  v_found bigint[];
  v_last bigint;
begin
  p_filters := p_filters || (
    select jsonb_strip_nulls(jsonb_build_object('from', r.from_at, 'to', r.to_at)) from app.read_range(p_region_id, p_filters) r);
  select n.order_ids, n.words into v_named, v_words from orders.find_named(p_region_id, p_filters) n;
  v_rows := case when v_words is null then p_limit + 1 else c_rows_max end;
  if v_since is null then
    select array_agg(s.order_id order by s.nth), array_agg(s.placed_at order by s.nth) into v_ids, v_times
      from (select o.order_id, o.placed_at, row_number() over (order by o.placed_at desc, o.order_id desc) as nth
              from orders.orders o
             where o.region_id = p_region_id
               and (v_after_id is null or (o.placed_at, o.order_id) < (v_after_at, v_after_id))
               and orders.is_wanted(o, p_filters)
               and (v_named is null or o.order_id = any (v_named))
               and (v_sku is null or o.order_id in (
                 select a.order_id from orders.order_allocations a where a.region_id = p_region_id and a.sku_id = v_sku
                 union all
                 select b.order_id from orders.backorders b where b.region_id = p_region_id and b.sku_id = v_sku
                 union all
                 select l.order_id from orders.order_lines l
                  where l.region_id = p_region_id and l.sku_id = v_sku and l.components is not null))
               and (v_sku is null or exists (
                 select from orders.order_lines l
                  where l.region_id = p_region_id and l.order_id = o.order_id
                    and (l.sku_id = v_sku or l.components @> v_component)))
               and (v_short is null or v_short = (o.order_id = any (v_short_ids)))
               and (v_waiting is null or v_waiting = exists (
                 select from orders.backorders b where b.region_id = p_region_id and b.order_id = o.order_id))
             order by o.placed_at desc, o.order_id desc
             limit v_rows) s;
  else
    select array_agg(s.order_id order by s.nth), array_agg(s.updated_at order by s.nth) into v_ids, v_times
      from (select o.order_id, o.updated_at, row_number() over (order by o.updated_at, o.order_id) as nth
              from orders.orders o
             where o.region_id = p_region_id and o.updated_at >= v_since and o.updated_at < p_until
               and (v_after_id is null or (o.updated_at, o.order_id) > (v_after_at, v_after_id))
               and orders.is_wanted(o, p_filters)
               and (v_named is null or o.order_id = any (v_named))
               and (v_sku is null or exists (
                 select from orders.order_lines l
                  where l.region_id = p_region_id and l.order_id = o.order_id
                    and (l.sku_id = v_sku or l.components @> v_component)))
               and (v_short is null or v_short = (o.order_id = any (v_short_ids)))
               and (v_waiting is null or v_waiting = exists (
                 select from orders.backorders b where b.region_id = p_region_id and b.order_id = o.order_id))
             order by o.updated_at, o.order_id
             limit v_rows) s;
  end if;
  v_found := case when v_words is null then v_ids
                  else orders.find_by_words(p_region_id => p_region_id, p_order_ids => v_ids, p_words => v_words,
                         p_limit => p_limit + 1) end;
  v_last := case when cardinality(v_found) > p_limit then v_found[p_limit]
                 when v_words is not null then v_ids[c_rows_max] end;
  next_cursor := case when v_last is not null then app.encode_cursor(jsonb_build_array(v_list,
    (c_year_1 + (extract(epoch from v_times[array_position(v_ids, v_last)]) * 1000000)::bigint)::text, v_last::text)) end;
  body := (
    select json_build_object('data', coalesce(json_agg(d.document order by array_position(v_found, d.order_id)), '[]'),
             'next_cursor', next_cursor)
      from orders.documents(p_region_id, v_found[:p_limit]) d);
end
$$;

grant execute on function orders.read_list(smallint, jsonb, timestamptz, text, integer) to admin, warehouse, sales, integration;
