-- Kept answers about these orders and reservations become the documents as they are now, without the person: a repeat still acts only once.
-- Returns their number. No index finds an answer by its order, because every order would pay for it: this reads the answers of one day
-- (up to 10 microseconds each).
create or replace function identity.erase_answers(
  p_region_id smallint,
  p_order_ids bigint[],
  p_reservation_ids bigint[]
)
  returns bigint
  language plpgsql
  volatile
  set search_path = ''
  set enable_seqscan = on
as $$
declare
  v_orders text[] := array(select orders.public_id(p_region_id, o) from unnest(p_order_ids) o);
  v_reservations text[] := array(select stock.reservation_public_id(p_region_id, r) from unnest(p_reservation_ids) r);
  v_kept jsonb;
  v_erased bigint;
begin
  if p_order_ids = '{}' then
    return 0;
  end if;
  select jsonb_agg(jsonb_build_object('key', encode(f.key_hash, 'hex'), 'order', f.order_id, 'reservation', f.reservation_id))
    into v_kept
    from (select k.key_hash, k.answer ->> 'order_id' as order_id, k.answer ->> 'reservation_id' as reservation_id
            from identity.idempotency_keys k
           where k.region_id = p_region_id
             and (k.answer ->> 'order_id' = any (v_orders)
                  or (v_reservations <> '{}' and k.answer ->> 'reservation_id' = any (v_reservations)))) f;
  update identity.idempotency_keys k
     set answer = d.document
    from jsonb_to_recordset(v_kept) f (key text, "order" text, reservation text)
    join (select orders.public_id(p_region_id, o.order_id) as id, o.document
            from orders.documents(p_region_id, array(
              select split_part(g ->> 'order', '-', 3)::bigint from jsonb_array_elements(v_kept) g where g ->> 'reservation' is null)) o
           union all
          select stock.reservation_public_id(p_region_id, r.reservation_id), r.document
            from stock.reservation_documents(p_region_id, p_reservation_ids) r) d on d.id = coalesce(f.reservation, f."order")
   where k.region_id = p_region_id and k.key_hash = decode(f.key, 'hex');
  get diagnostics v_erased = row_count;
  return v_erased;
end
$$;

grant execute on function identity.erase_answers(smallint, bigint[], bigint[]) to scoville_definer;
