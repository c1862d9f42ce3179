-- Creates the warehouses that receipts name and the catalog lacks. Only from receipts that were not refused, because a created
-- warehouse stays.
-- Only an admin's receipts name new warehouses here (stock.read_drafts refuses the others). The sender of a receipt is the
-- creator: a lane may put receipts of several callers into one call.
create or replace function catalog.create_warehouses(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouses catalog.warehouses[];
begin
  with made as (
    insert into catalog.warehouses (warehouse_id, region_id, name)
    select distinct d.warehouse_id collate "C", p_region_id, d.warehouse_id
      from unnest(p_drafts) d
     where not exists (select from catalog.warehouses w where w.warehouse_id = d.warehouse_id)
     order by 1
    on conflict do nothing
    returning *
  )
  select array_agg(m) into v_warehouses from made m;
  perform audit.record(
            p_action => 'insert',
            p_table_name => 'catalog.warehouses',
            p_row_key => m.warehouse_id,
            p_old => null,
            p_new => catalog.warehouse_document(m)::jsonb,
            p_reason => 'first receipt',
            p_actor => f.actor,
            p_request_id => f.request_id),
          events.emit_catalog_event(p_noun => 'warehouse', p_old => null, p_new => catalog.warehouse_document(m)::jsonb,
            p_actor => f.actor, p_request_id => f.request_id)
     from unnest(v_warehouses) m
    cross join lateral (
      select d.actor, d.request_id
        from unnest(p_drafts) d
       where d.warehouse_id = m.warehouse_id
       order by d.ordinal
       limit 1) f;
end
$$;

grant execute on function catalog.create_warehouses(smallint, stock.draft[]) to scoville_definer;
