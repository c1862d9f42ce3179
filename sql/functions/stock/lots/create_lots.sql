-- Creates the lots that receipts name for the first time. The first receipt of a lot sets its dates.
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
    (region_id, sku_id, batch_number, expiration_date, manufactured_on, changed_by, change_reason, request_id)
  select distinct on (d.sku_id, d.batch_number) p_region_id, d.sku_id, d.batch_number,
         (d.element ->> 'expiration_date')::date, (d.element ->> 'manufactured_on')::date, d.actor, d.reason_code,
         d.request_id
    from unnest(p_drafts) d
   where not exists (
       select from stock.lots t
        where t.region_id = p_region_id and t.sku_id = d.sku_id and t.batch_number = d.batch_number)
   order by d.sku_id, d.batch_number, d.ordinal
  on conflict do nothing;
end
$$;

grant execute on function stock.create_lots(smallint, stock.draft[]) to scoville_definer;
