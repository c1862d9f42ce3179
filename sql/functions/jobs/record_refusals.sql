-- Definer: the API may not write to tables; this function adds up refused demand.
-- Adds to the sums of today (of the region) what an API process has refused for lack of stock since its last call. An array of {channel,
-- sku_id, refusals, units}, each pair once. Returns the number of sums.
-- Lock order: rows by channel and SKU; nothing else is locked.
create or replace function jobs.record_refusals(
  p_region_id smallint,
  p_refusals jsonb
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_today date := app.today(p_region_id);
  v_written integer;
begin
  insert into analytics.refusal_days as d (region_id, refused_on, channel_id, sku_id, refusals, units)
  select p_region_id, v_today, r.channel, r.sku_id, r.refusals, r.units
    from jsonb_to_recordset(p_refusals) r (channel text, sku_id text, refusals bigint, units bigint)
   order by r.channel collate "C", r.sku_id collate "C"
  on conflict on constraint refusal_days_pkey do update set refusals = d.refusals + excluded.refusals, units = d.units + excluded.units;
  get diagnostics v_written = row_count;
  return v_written;
end
$$;

alter function jobs.record_refusals(smallint, jsonb) owner to scoville_definer;
grant execute on function jobs.record_refusals(smallint, jsonb) to scoville_worker;
