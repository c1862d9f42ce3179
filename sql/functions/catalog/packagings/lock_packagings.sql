-- Locks what writes of packagings change. Lock order: packagings, one session at a time (advisory: a GTIN, or a name of a SKU, could
-- otherwise be given twice), then their SKUs by id, as writes of SKUs lock them.
create or replace function catalog.lock_packagings(
  p_elements jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('packagings', 4));
  perform k.sku_id
     from catalog.skus k
    where k.sku_id in (
      select coalesce(p.sku_id, e.value ->> 'sku_id')
        from jsonb_array_elements(p_elements) e
        left join catalog.packagings p on p.packaging_id = e.value ->> 'packaging_id')
    order by k.sku_id
      for no key update;
end
$$;

grant execute on function catalog.lock_packagings(jsonb) to scoville_definer;
