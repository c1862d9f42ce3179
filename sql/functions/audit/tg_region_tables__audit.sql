-- Records every insert and update of a table of a region, once per statement. The row itself says who, when, what and why
-- (changed_by, change_reason, request_id). The trigger's argument is the column that names the row.
-- New orders have no trigger: orders.insert_drafts writes their audit itself, without a copy.
-- Correctness does not depend on it. Nobody may delete from these tables, so deletions need no record.
create or replace function audit.tg_region_tables__audit()
  returns trigger
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_role text := app.claim_role();
  v_table text := tg_table_schema || '.' || tg_table_name;
  v_unrecorded integer;
begin
  if tg_op = 'INSERT' then
    with written as (
      insert into audit.audit_log
        (region_id, recorded_at, actor, role, action, table_name, row_key, old, new, reason, request_id)
      select n.region_id, v_now, n.changed_by, v_role, 'insert', v_table, j.new ->> tg_argv[0], null, j.new, n.change_reason,
             n.request_id
        from new_rows n
       cross join lateral (select to_jsonb(n) offset 0) j (new)
      returning 1
    )
    select (select count(*) from new_rows) - (select count(*) from written) into v_unrecorded;
  else
    with written as (
      insert into audit.audit_log
        (region_id, recorded_at, actor, role, action, table_name, row_key, old, new, reason, request_id)
      select n.region_id, v_now, n.changed_by, v_role, 'update', v_table, to_jsonb(n) ->> tg_argv[0],
             audit.differences(to_jsonb(o), to_jsonb(n)),
             audit.differences(to_jsonb(n), to_jsonb(o)), n.change_reason, n.request_id
        from new_rows n
        -- Full, because such a join is never a nested loop: a plan made for one row compares each row of a batch with each other.
        full join old_rows o
          on o.region_id = n.region_id
         and to_jsonb(o) ->> tg_argv[0] = to_jsonb(n) ->> tg_argv[0]
      returning 1
    )
    select (select count(*) from new_rows) - (select count(*) from written) into v_unrecorded;
  end if;
  if v_unrecorded <> 0 then
    raise exception using errcode = 'internal_error', message = format('rows of %s without an audit', v_table);
  end if;
  return null;
end
$$;

create or replace trigger tg_orders__audit_update
  after update on orders.orders referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('order_id');
create or replace trigger tg_fulfillments__audit_insert
  after insert on orders.fulfillments referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('fulfillment_id');
create or replace trigger tg_fulfillments__audit_update
  after update on orders.fulfillments referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('fulfillment_id');
create or replace trigger tg_recalls__audit_insert
  after insert on stock.recalls referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('recall_id');
create or replace trigger tg_recalls__audit_update
  after update on stock.recalls referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('recall_id');
create or replace trigger tg_recall_drills__audit_insert
  after insert on stock.recall_drills referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('drill_id');
create or replace trigger tg_returns__audit_insert
  after insert on orders.returns referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('return_id');
create or replace trigger tg_returns__audit_update
  after update on orders.returns referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('return_id');
create or replace trigger tg_withholdings__audit_insert
  after insert on stock.withholdings referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('withholding_id');
create or replace trigger tg_withholdings__audit_update
  after update on stock.withholdings referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('withholding_id');
create or replace trigger tg_purchases__audit_insert
  after insert on supply.purchases referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('purchase_id');
create or replace trigger tg_purchases__audit_update
  after update on supply.purchases referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('purchase_id');
create or replace trigger tg_receipts__audit_insert
  after insert on supply.receipts referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('receipt_id');
create or replace trigger tg_transfers__audit_insert
  after insert on supply.transfers referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('transfer_id');
create or replace trigger tg_transfers__audit_update
  after update on supply.transfers referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('transfer_id');
create or replace trigger tg_counts__audit_insert
  after insert on stock.counts referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('count_id');
create or replace trigger tg_counts__audit_update
  after update on stock.counts referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('count_id');
create or replace trigger tg_lots__audit_insert
  after insert on stock.lots referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('lot_id');
create or replace trigger tg_lots__audit_update
  after update on stock.lots referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('lot_id');
create or replace trigger tg_reservations__audit_insert
  after insert on stock.reservations referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('reservation_id');
create or replace trigger tg_reservations__audit_update
  after update on stock.reservations referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('reservation_id');
create or replace trigger tg_endpoints__audit_insert
  after insert on webhooks.endpoints referencing new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('endpoint_id');
create or replace trigger tg_endpoints__audit_update
  after update on webhooks.endpoints referencing old table as old_rows new table as new_rows
  for each statement execute function audit.tg_region_tables__audit('endpoint_id');
