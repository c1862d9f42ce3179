-- Creates the lots that receipts name for the first time. The first receipt of a lot sets its dates. stock.name_lots has named
-- the lots.
create or replace function stock.create_lots(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  insert into stock.lots
    (region_id, sku_id, batch_number, batch_key, expiration_date, manufactured_on, changed_by, change_reason, request_id)
  select distinct on (d.sku_id, d.batch_number) p_region_id, d.sku_id, d.batch_number, app.code_key(d.batch_number),
         (d.element ->> 'expiration_date')::date, (d.element ->> 'manufactured_on')::date, d.actor, d.reason_code,
         d.request_id
    from unnest(p_drafts) d
   where d.lot_id is null
   order by d.sku_id, d.batch_number, d.ordinal
  on conflict do nothing;
end
$$;

grant execute on function stock.create_lots(smallint, stock.draft[]) to scoville_definer;
