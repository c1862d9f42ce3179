-- Locks transfers that are to be changed by hand. Those in transit promise days to orders that wait: before them the levels at the destination, as
-- whoever changes what is expected locks them. They may be of warehouses outside the caller's claims; for the time of this call the claims
-- include them. Returns the SKUs that are in transit.
-- Lock order: supply.lock_transfers for those in transit; then the drafts by id. One that was shipped meanwhile has to start over.
create or replace function supply.lock_to_save(
  p_region_id smallint,
  p_transfer_ids bigint[]
)
  returns text[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_claim text[] := app.claim_warehouses();
  v_moving record;
begin
  select coalesce(array_agg(f.transfer_id), '{}') as ids, array_agg(f.to_warehouse_id) as warehouse_ids into v_moving
    from supply.transfers f
   where f.region_id = p_region_id and f.transfer_id = any (p_transfer_ids) and f.status in ('in_transit', 'partially_received');
  if v_moving.ids <> '{}' then
    perform set_config('scoville.warehouses', array(select unnest(v_claim) union select unnest(v_moving.warehouse_ids))::text, true);
    perform supply.lock_transfers(p_region_id => p_region_id, p_transfer_ids => v_moving.ids, p_with_source => false);
    perform set_config('scoville.warehouses', coalesce(v_claim::text, ''), true);
  end if;
  perform from supply.transfers f
   where f.region_id = p_region_id and f.transfer_id = any (p_transfer_ids)
   order by f.transfer_id
     for no key update;
  if exists (
    select from supply.transfers f
     where f.region_id = p_region_id and f.transfer_id = any (p_transfer_ids) and f.status in ('in_transit', 'partially_received')
       and f.transfer_id <> all (v_moving.ids))
  then
    raise exception using errcode = 'serialization_failure', message = 'a transfer was shipped in the meantime';
  end if;
  return array(
    select distinct t.sku_id
      from supply.transfer_lots t
     where t.region_id = p_region_id and t.transfer_id = any (v_moving.ids) and t.in_transit > 0);
end
$$;

grant execute on function supply.lock_to_save(smallint, bigint[]) to scoville_definer;
