-- Definer: nobody may change audit, ledger or event log; this function takes the person out of their rows about these orders.
-- It belongs to the owner of the tables, and only scoville_definer may call it. It can only erase: no caller gives it a value to write.
-- Returns how many rows of each it changed, and the seq of the events.
-- Movements are found by the moment that they share with the audit row of their change, so that no order pays for an index. Events that
-- wait in the outbox are those of orders.erase_waiting; those that the sequencer moved meanwhile are found by a second call.
create or replace function audit.erase_history(
  p_region_id smallint,
  p_order_ids bigint[],
  p_fulfillment_ids bigint[],
  p_reservation_ids bigint[],
  out audit_entries bigint,
  out movements bigint,
  out seqs bigint[]
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
    select stock.reservation_public_id(p_region_id, r) from unnest(p_reservation_ids) r);
  v_parcels text[] := array(select f::text from unnest(p_fulfillment_ids) f);
  v_reservations text[] := array(select r::text from unnest(p_reservation_ids) r);
  v_subjects text[] := array(
    select case when d like 'ORD-%' then 'orders/' else 'reservations/' end || d from unnest(v_documents) d);
  v_moments timestamptz[];
begin
  perform set_config('scoville.erasing', 'on', true);
  with told as (
    select a.audit_id, a.recorded_at, a.old, a.new, a.reason
      from (values ('orders.orders', v_orders), ('orders.order_contacts', v_orders), ('orders.order_lines', v_orders),
                   ('orders.fulfillments', v_parcels), ('stock.reservations', v_reservations)) k (table_name, row_keys)
      join audit.audit_log a on a.region_id = p_region_id and a.table_name = k.table_name and a.row_key = any (k.row_keys)
  ), erased as (
    update audit.audit_log a
       set old = audit.impersonal(t.old), new = audit.impersonal(t.new), reason = audit.impersonal_reason(t.reason)
      from told t
     where a.region_id = p_region_id and a.audit_id = t.audit_id and a.recorded_at = t.recorded_at
       and (a.old, a.new, a.reason) is distinct from (audit.impersonal(t.old), audit.impersonal(t.new), audit.impersonal_reason(t.reason))
    returning 1
  )
  select (select count(*) from erased), array_agg(distinct t.recorded_at) into audit_entries, v_moments from told t;
  with erased as (
    update stock.stock_movements m
       set note = null
     where m.region_id = p_region_id and m.recorded_at = any (v_moments) and m.document = any (v_documents) and m.note is not null
    returning 1
  )
  select count(*) into movements from erased;
  with erased as (
    update events.event_log e
       set data = events.impersonal(e.data) || '{"erased": true}', personal_hash = events.personal_hash(e.salt, e.data), salt = null
     where e.region_id = p_region_id and e.subject = any (v_subjects) and e.salt is not null
    returning e.seq
  )
  select array_agg(e.seq order by e.seq) into seqs from erased e;
  perform set_config('scoville.erasing', 'off', true);
end
$$;

grant execute on function audit.erase_history(smallint, bigint[], bigint[], bigint[]) to scoville_definer;
