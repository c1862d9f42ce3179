-- Definer: the audit is the admin's; this function reads from it what became of one order that the caller may see.
-- Made from the audit, not from the event log: it is never dropped, has the persons and reasons, and what an erasure took out of it
-- is gone here too. Rows of lines, contacts and parcels belong to the row of their order that follows them, because every change
-- writes that last. Staff see neither e-mail and phone number nor the parcels and units of other warehouses.
create or replace function orders.timeline(
  p_region_id smallint,
  p_order_id bigint
)
  returns json
  language plpgsql
  stable
  security definer
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  c_entries_max constant integer := 500;  -- the latest
  v_sees_all boolean := app.reaches_all_warehouses();
  v_placed_at timestamptz;  -- no partition before it is read
  v_parcels text[];
begin
  select o.created_at into v_placed_at from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id;
  if v_placed_at is null then
    return '[]';  -- the caller does not see the order
  end if;
  v_parcels := array(
    select f.fulfillment_id::text from orders.fulfillments f
     where f.region_id = p_region_id and f.order_id = p_order_id and (v_sees_all or f.warehouse_id = any (app.claim_warehouses())));
  return (
    with told as (
      select a.*, min(a.audit_id) filter (where a.table_name = 'orders.orders')
                    over (order by a.audit_id rows between current row and unbounded following) as act_id
        from (values ('orders.orders', array[p_order_id::text]), ('orders.order_lines', array[p_order_id::text]),
                     ('orders.order_contacts', array[p_order_id::text]), ('orders.fulfillments', v_parcels)) k (table_name, row_keys)
       cross join lateral (
         select l.* from audit.audit_log l
          where l.region_id = p_region_id and l.table_name = k.table_name and l.row_key = any (k.row_keys) and l.recorded_at >= v_placed_at
         offset 0) a
       where not (a.table_name = 'orders.fulfillments' and a.reason is not distinct from 'erased')
    ), acts as (
      select t.audit_id, t.recorded_at, t.actor, t.reason, orders.change_type(p_action => t.action, p_reason => t.reason, p_new => t.new) as type
        from told t where t.audit_id = t.act_id order by t.audit_id desc limit c_entries_max
    )
    select coalesce(json_agg(json_build_object('at', app.rfc3339(a.recorded_at), 'type', a.type, 'by', a.actor,
             'reason', case when a.type = 'parcel_undone' then p.reason
                            else nullif(regexp_replace(a.reason, case a.type when 'canceled' then '^canceled(: |$)'
                                   else '^[a-z ]+(: |$)' end, ''), '') end,
             'changes', coalesce(c.changes, '[]'), 'fulfillments', coalesce(p.parcels, '[]'), 'units', coalesce(u.units, '[]'))
             order by a.audit_id), '[]')
      from acts a
      left join lateral (
        select json_agg(json_build_object('member', m.member, 'sku_id', m.sku_id, 'before', m.before, 'after', m.after)
                 order by t.audit_id, m.member, m.sku_id) as changes
          from told t
         cross join lateral orders.change_members(p_table_name => t.table_name, p_old => t.old, p_new => t.new,
                              p_shows_contact => v_sees_all) m
         where t.act_id = a.audit_id and t.action = 'update' and a.type <> 'erased') c on true
      left join lateral (
        select json_agg('FUL-' || p_region_id || '-' || t.row_key order by t.audit_id) as parcels, min(t.new ->> 'cancel_reason') as reason
          from told t where t.act_id = a.audit_id and t.table_name = 'orders.fulfillments') p on true
      left join lateral (
        select json_agg(json_build_object('sku_id', m.sku_id, 'warehouse_location', m.warehouse_id, 'quantity', m.committed_delta)
                 order by m.movement_id) as units
          from stock.stock_movements m
         where a.type in ('supplied', 'reallocated', 'backordered') and m.region_id = p_region_id and m.recorded_at = a.recorded_at
           and m.document = orders.public_id(p_region_id, p_order_id) and m.actor = a.actor
           and case a.type when 'supplied' then m.committed_delta > 0 when 'backordered' then m.committed_delta < 0
                           else m.committed_delta <> 0 end) u on true);
end
$$;

alter function orders.timeline(smallint, bigint) owner to scoville_definer;
grant execute on function orders.timeline(smallint, bigint) to admin, warehouse, sales, integration;
