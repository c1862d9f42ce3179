-- Reads orders and prices them; refuses those that name no channel or SKU of the caller's, or another price or total than
-- the computed one. Every faulty line is named. The total is computed here, never taken from the caller.
create or replace function orders.read_drafts(
  p_region_id smallint,
  p_orders jsonb,
  p_skip integer[]
)
  returns setof orders.draft
  language sql
  stable
  set search_path = ''
as $$
  select o.ordinal, v.refusal ->> 'code', v.refusal -> 'body', o.channel_id,
         o.element ->> 'external_id', o.element -> 'customer' ->> 'name', o.element -> 'customer' ->> 'email',
         o.element -> 'customer' ->> 'address', o.element ->> 'note', coalesce(o.placed_at, app.now()),
         coalesce(l.currency, 'USD'), l.total, l.lines,
         coalesce(o.element -> 'meta' ->> 'actor', app.claim_subject()),
         coalesce(o.element -> 'meta' ->> 'request_id', app.claim_request_id()), null::bigint, null::text[]
    from (
      select e.ordinality::integer as ordinal, e.value as element, (e.value ->> 'created_at')::timestamptz as placed_at,
             coalesce(e.value ->> 'channel',
               case when pg_catalog.cardinality(app.claim_channels()) = 1 then (app.claim_channels())[1]
                    when app.reaches_all_channels() then 'web' end) as channel_id
        from pg_catalog.jsonb_array_elements(p_orders) with ordinality e
       where e.ordinality <> all (p_skip)
    ) o
    left join catalog.channels c
      on c.channel_id = o.channel_id and c.active and c.region_id = p_region_id
     and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels()))
   cross join lateral (
      select sum(p.price * i.quantity) as total, min(k.currency) as currency,
             pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('line_no', i.line_no, 'sku_id', i.sku_id,
               'quantity', i.quantity, 'price', p.price) order by i.line_no) as lines,
             pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('pointer', '/items/' || i.line_no - 1 || '/sku_id',
               'detail', pg_catalog.format('There is no SKU %s.', i.sku_id), 'sku_id', i.sku_id) order by i.line_no)
               filter (where k.sku_id is null) as unknown,
             pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('pointer', '/items/' || i.line_no - 1 || '/sku_id',
               'detail', pg_catalog.format('SKU %s is not for sale here.', i.sku_id), 'sku_id', i.sku_id)
               order by i.line_no) filter (where not k.active or p.price is null) as unsaleable,
             pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('pointer', '/items/' || i.line_no - 1 || '/price',
               'detail', pg_catalog.format('The price of %s is %s, not %s.', i.sku_id, p.price, i.price),
               'sku_id', i.sku_id, 'price', i.price, 'current_price', p.price) order by i.line_no)
               filter (where i.price <> p.price) as repriced
        from (select r.ordinality::integer as line_no, r.value ->> 'sku_id' as sku_id,
                     (r.value ->> 'quantity')::bigint as quantity, (r.value ->> 'price')::numeric(9, 2) as price
                from pg_catalog.jsonb_array_elements(o.element -> 'items') with ordinality r) i
        left join catalog.skus k on k.sku_id = i.sku_id
       cross join lateral (select case c.pricing when 'channel' then coalesce(i.price, k.price) else k.price end) p (price)
    ) l
   cross join lateral (select orders.refusal_of(o.element, o.channel_id, c.channel_id is not null, o.placed_at, l.total,
     l.unknown, l.unsaleable, l.repriced)) v (refusal);
$$;

grant execute on function orders.read_drafts(smallint, jsonb, integer[]) to scoville_definer;
