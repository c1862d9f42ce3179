-- Kept answers about these orders, reservations, returns and withholdings become the documents as they are now, without the
-- person: a repeat still acts only once.
-- Returns their number. No index finds an answer by its order, because every order would pay for it: this reads the answers of one day
-- (up to 10 microseconds each).
create or replace function identity.erase_answers(
  p_region_id smallint,
  p_order_ids bigint[],
  p_reservation_ids bigint[],
  p_return_ids bigint[],
  p_withholding_ids bigint[]
)
  returns bigint
  language plpgsql
  volatile
  set search_path = ''
  set enable_seqscan = on
as $$
declare
  v_named text[] := array(
    select orders.public_id(p_region_id, o) from unnest(p_order_ids) o
     union all
    select stock.reservation_public_id(p_region_id, r) from unnest(p_reservation_ids) r
     union all
    select orders.return_public_id(p_region_id, b) from unnest(p_return_ids) b
     union all
    select stock.withholding_public_id(p_region_id, w) from unnest(p_withholding_ids) w);
  v_kept jsonb;
  v_erased bigint;
begin
  if p_order_ids = '{}' then
    return 0;
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('key', encode(k.key_hash, 'hex'), 'id', n.id)), '[]') into v_kept
    from identity.idempotency_keys k
   cross join lateral (
     select coalesce(k.answer ->> 'return_id', k.answer ->> 'withholding_id', k.answer ->> 'reservation_id', k.answer ->> 'order_id')) n (id)
   where k.region_id = p_region_id and n.id = any (v_named);
  update identity.idempotency_keys k
     set answer = d.document
    from jsonb_to_recordset(v_kept) f (key text, id text)
    join (select orders.public_id(p_region_id, o.order_id) as id, o.document
            from orders.documents(p_region_id, array(
              select split_part(g ->> 'id', '-', 3)::bigint from jsonb_array_elements(v_kept) g where g ->> 'id' like 'ORD-%')) o
           union all
          select stock.reservation_public_id(p_region_id, r.reservation_id), r.document
            from stock.reservation_documents(p_region_id, p_reservation_ids) r
           union all
          select orders.return_public_id(p_region_id, b.return_id), b.document from orders.return_documents(p_region_id, p_return_ids) b
           union all
          select stock.withholding_public_id(p_region_id, w.withholding_id), w.document
            from stock.withholding_documents(p_region_id, p_withholding_ids) w) d on d.id = f.id
   where k.region_id = p_region_id and k.key_hash = decode(f.key, 'hex');
  get diagnostics v_erased = row_count;
  return v_erased;
end
$$;

grant execute on function identity.erase_answers(smallint, bigint[], bigint[], bigint[], bigint[]) to scoville_definer;
