-- Posts the differences of these counts (as they were read without locks) through the same path as adjustments, so promises of units that
-- are gone follow, and closes the lines that were posted. A line that cannot be posted (its units are withheld, or have left since) is
-- refused by itself: it has to be counted again, and a warehouse does not wait for one lot. Returns what was posted and what was refused,
-- by count: [{count_id, sku_id, batch_number, delta, code, body}].
-- Lock order: levels, lots, reservations and orders (stock.change_levels), then the counts. What was read before has to be true then;
-- otherwise the transaction starts over.
create or replace function stock.post_counts(
  p_region_id smallint,
  p_counts stock.counts[],
  p_requests jsonb
)
  returns jsonb
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_ids bigint[] := array(select c.count_id from unnest(p_counts) c);
  v_lines jsonb := (
    select coalesce(jsonb_agg(to_jsonb(d) || jsonb_build_object('ordinal', d.nth)), '[]')
      from stock.count_deltas(p_region_id, v_ids) with ordinality d (count_id, sku_id, lot_id, entry_id, delta, nth));
  v_changed record;
begin
  select c.p_accepted as accepted, c.p_refusals as refusals into v_changed
    from stock.change_levels(p_region_id, array(
      select stock.new_draft(p_ordinal => n.ordinal, p_sku_id => n.sku_id, p_warehouse_id => c.warehouse_id, p_delta => n.delta,
               p_counted => e.counted, p_batch_number => t.batch_number, p_lot_id => n.lot_id, p_reason_code => 'cycle_count',
               p_note => coalesce(r ->> 'note', e.note), p_document => stock.count_public_id(p_region_id, c.count_id),
               p_actor => coalesce(r -> 'meta' ->> 'actor', app.claim_subject()),
               p_request_id => coalesce(r -> 'meta' ->> 'request_id', app.claim_request_id()), p_takes => 'any')
        from jsonb_to_recordset(v_lines) n (ordinal integer, count_id bigint, sku_id text, lot_id bigint, entry_id bigint, delta bigint)
        join unnest(p_counts) c on c.count_id = n.count_id
        join jsonb_array_elements(p_requests) r on r ->> 'count_id' = stock.count_public_id(p_region_id, c.count_id)
        join stock.lots t on t.region_id = p_region_id and t.lot_id = n.lot_id
        join stock.count_entries e on e.region_id = p_region_id and e.entry_id = n.entry_id
       order by n.ordinal)) c;
  if exists (select c.count_id, c.version from unnest(p_counts) c
              except
             select c.count_id, c.version
               from stock.lock_counts(p_region_id, array(select stock.count_public_id(p_region_id, i) from unnest(v_ids) i)) c)
    or exists (select n.* from jsonb_to_recordset(v_lines) n (count_id bigint, lot_id bigint, delta bigint)
                except
               select d.count_id, d.lot_id, d.delta from stock.count_deltas(p_region_id, v_ids) d)
  then
    raise exception using errcode = 'serialization_failure', message = 'the count changed in the meantime';
  end if;
  update stock.count_lines l
     set status = 'approved', posted = a.delta
    from unnest(v_changed.accepted) a
    join jsonb_to_recordset(v_lines) n (ordinal integer, count_id bigint) on n.ordinal = a.ordinal
   where l.region_id = p_region_id and l.count_id = n.count_id and l.sku_id = a.sku_id and l.lot_id = a.lot_id;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('count_id', n.count_id, 'sku_id', n.sku_id, 'batch_number', t.batch_number,
             'delta', n.delta, 'code', r.code, 'body', r.body) order by n.ordinal), '[]')
      from jsonb_to_recordset(v_lines) n (ordinal integer, count_id bigint, sku_id text, lot_id bigint, delta bigint)
      join stock.lots t on t.region_id = p_region_id and t.lot_id = n.lot_id
      left join unnest(v_changed.refusals) r on r.ordinal = n.ordinal);
end
$$;

grant execute on function stock.post_counts(smallint, stock.counts[], jsonb) to scoville_definer;
