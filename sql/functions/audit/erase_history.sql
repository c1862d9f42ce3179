-- Definer: nobody may change audit or ledger; this function takes the person out of their rows about these orders.
-- It belongs to the owner of the tables, and only scoville_definer may call it. It can only erase: no caller gives it a value to write.
-- Movements are found by the moment that they share with the audit row of their change, so that no order pays for an index.
create or replace function audit.erase_history(
  p_region_id smallint,
  p_order_ids bigint[],
  p_fulfillment_ids bigint[],
  p_reservation_ids bigint[],
  p_return_ids bigint[],
  p_withholding_ids bigint[],
  out audit_entries bigint,
  out movements bigint
)
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  v_orders text[] := array(select o::text from unnest(p_order_ids) o);
  v_documents text[] := array(
    select orders.public_id(p_region_id, o) from unnest(p_order_ids) o
     union all
    select stock.reservation_public_id(p_region_id, r) from unnest(p_reservation_ids) r
     union all
    select orders.return_public_id(p_region_id, b) from unnest(p_return_ids) b);
  v_moments timestamptz[];
begin
  perform set_config('scoville.erasing', 'on', true);
  with told as materialized (
    select a.audit_id, a.recorded_at, audit.impersonal(a.old) as old, audit.impersonal(a.new) as new,
           audit.impersonal_reason(a.reason) as reason
      from (values ('orders.orders', v_orders), ('orders.order_contacts', v_orders), ('orders.order_lines', v_orders),
                   ('orders.fulfillments', array(select f::text from unnest(p_fulfillment_ids) f)),
                   ('stock.reservations', array(select r::text from unnest(p_reservation_ids) r)),
                   ('orders.returns', array(select b::text from unnest(p_return_ids) b)),
                   ('stock.withholdings', array(select w::text from unnest(p_withholding_ids) w))) k (table_name, row_keys)
      join audit.audit_log a on a.region_id = p_region_id and a.table_name = k.table_name and a.row_key = any (k.row_keys)
  ), erased as (
    update audit.audit_log a
       set old = t.old, new = t.new, reason = t.reason
      from told t
     where a.region_id = p_region_id and a.audit_id = t.audit_id and a.recorded_at = t.recorded_at
       and (a.old, a.new, a.reason) is distinct from (t.old, t.new, t.reason)
    returning 1
  )
  select (select count(*) from erased), array_agg(distinct t.recorded_at) into audit_entries, v_moments from told t;
  with erased as (
    update stock.stock_movements m
       set note = null
     where m.region_id = p_region_id and m.recorded_at = any (v_moments) and m.note is not null
       and (m.document = any (v_documents) or m.withholding_id = any (p_withholding_ids))
    returning 1
  )
  select count(*) into movements from erased;
  perform set_config('scoville.erasing', 'off', true);
end
$$;

grant execute on function audit.erase_history(smallint, bigint[], bigint[], bigint[], bigint[], bigint[]) to scoville_definer;
