-- Reads reservations except p_skip. Refuses those without a channel or SKU of the caller's, and those with a ttl_seconds outside 1 to
-- 86,400. Lines of one SKU are summed; errors point at the first of them. A bundle
-- becomes its components.
create or replace function stock.read_reservations(
  p_region_id smallint,
  p_reservations jsonb,
  p_skip integer[],
  out p_drafts stock.reservation_draft[],
  out p_refusals api.result[]
)
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(
           stock.new_reservation_draft(p_ordinal => h.ordinal, p_channel_id => h.channel_id,
             p_expires_at => case when h.ttl_seconds between 1 and 86400
                                  then date_trunc('milliseconds', app.now() + h.ttl_seconds * interval '1 second') end,
             p_note => h.element ->> 'note', p_lines => case when l.items is not null then stock.explode_lines(l.lines) else l.lines end, p_items => l.items,
             p_actor => coalesce(h.element -> 'meta' ->> 'actor', app.claim_subject()),
             p_request_id => coalesce(h.element -> 'meta' ->> 'request_id', app.claim_request_id()))
           order by h.ordinal) filter (where (v.refusal).code is null), '{}'),
         coalesce(array_agg(app.result_of(h.ordinal, v.refusal)) filter (where (v.refusal).code is not null), '{}')
    from (
      select e.ordinality::integer as ordinal, e.value as element,
             coalesce((e.value ->> 'ttl_seconds')::bigint, 900) as ttl_seconds,
             coalesce(e.value ->> 'channel', app.claim_channel()) as channel_id
        from jsonb_array_elements(p_reservations) with ordinality e
       where e.ordinality <> all (p_skip)
    ) h
    left join catalog.channels c
      on c.channel_id = h.channel_id and c.active and c.region_id = p_region_id
     and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels()))
   cross join lateral (
      select jsonb_agg(jsonb_build_object(
               'line_no', i.line_no, 'sku_id', i.sku_id, 'quantity', i.quantity) order by i.line_no) as lines,
             jsonb_agg(jsonb_build_object('pointer', '/items/' || i.line_no - 1 || '/sku_id',
               'detail', format('SKU %s does not exist.', i.sku_id), 'sku_id', i.sku_id) order by i.line_no)
               filter (where k.sku_id is null) as unknown,
             jsonb_agg(jsonb_build_object('pointer', '/items/' || i.line_no - 1 || '/sku_id',
               'detail', format('SKU %s is not for sale here.', i.sku_id), 'sku_id', i.sku_id) order by i.line_no)
               filter (where not k.active or k.components <> '[]' and not catalog.sells_components(k.components) or k.price is null and c.pricing = 'list') as unsaleable,
             case when bool_or(k.components <> '[]')
                  then jsonb_agg(jsonb_build_object('sku_id', i.sku_id, 'quantity', i.quantity) order by i.line_no) end as items
        from (select r.value ->> 'sku_id' as sku_id, least(sum((r.value ->> 'quantity')::bigint), 2147483647) as quantity,
                     min(r.ordinality)::integer as line_no
                from jsonb_array_elements(nullif(h.element -> 'items', 'null')) with ordinality r
               group by r.value ->> 'sku_id') i
        left join catalog.skus k on k.sku_id = i.sku_id
    ) l
   cross join lateral (select stock.refuse_reservation(p_channel_id => h.channel_id,
     p_channel_known => c.channel_id is not null, p_ttl_seconds => h.ttl_seconds, p_lines => l.lines,
     p_unknown => catalog.suggest_lines(l.unknown, jsonb_array_length(p_reservations)),
     p_unsaleable => l.unsaleable) offset 0) v (refusal);
$$;

grant execute on function stock.read_reservations(smallint, jsonb, integer[]) to scoville_definer;
