-- Definer: staff hold no write right on any table; this is their way to bring stock in.
create or replace function api.receive_stock(
  p_region_id smallint,
  p_receipts jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_receipts);
  v_results api.result[] := array(select s from identity.check_keys(p_region_id, 'receive_stock', v_keys) s);
  v_drafts stock.draft[];
  v_movements stock.movement[];
begin
  v_drafts := stock.read_receipts(p_region_id, p_receipts, array(select r.ordinal from unnest(v_results) r));
  v_movements := array(
    select row(d.warehouse_id, d.sku_id, case d.reason_code when 'return' then 'return' else 'receipt' end, d.lot_id,
               d.counted, null, null, null, null, null, d.reason_code, d.note, d.document, d.actor, d.request_id, null,
               null)::stock.movement
      from unnest(v_drafts) d
     where d.code is null
     order by d.ordinal);
  if cardinality(v_movements) > 0 then
    perform stock.post_movements(p_region_id, v_movements);
  end if;
  v_results := v_results || array(
    select row(d.ordinal, d.code, false, coalesce(d.body::json, stock.receipt_document(p_region_id, d)))::api.result
      from unnest(v_drafts) d);
  perform identity.keep_answers(p_region_id, 'receive_stock', v_keys, v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.receive_stock(smallint, jsonb) is
  'Adds units of batches; an admin''s receipt makes the SKU, the warehouse and the batch where they are new. An array of '
  'SKU-and-batch objects; a result for each, in order. A batch that has expired is received as expired: on hand, never available.';
alter function api.receive_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.receive_stock(smallint, jsonb) to admin, warehouse;
