-- The refusal of a question about the availability of a SKU through a channel on a day, or null.
create or replace function orders.refuse_question(
  p_region_id smallint,
  p_channel_id text,
  p_sku_id text,
  p_ship_on date
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_days_max constant integer := 3650;
begin
  return (
    select app.refuse_lines(p_code => f.code, p_detail => f.detail,
             p_errors => jsonb_build_array(jsonb_build_object('parameter', f.parameter, 'detail', f.detail)))
      from (values
        ('OR009', 'channel', 'Your token has several channels or none: name the channel that would sell the units.', p_channel_id is null),
        ('OR008', 'channel', format('Channel %s does not exist or is not yours.', p_channel_id), not exists (
          select from catalog.channels c
           where c.channel_id = p_channel_id and c.active and c.region_id = p_region_id
             and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels())))),
        ('ST002', 'sku', format('There is no active SKU %s.%s', p_sku_id, catalog.suggest_sku(p_sku_id)), not exists (
          select from catalog.skus s where s.sku_id = p_sku_id and s.active)),
        ('VA001', 'ship_on', format('ship_on is in the past: it is %s in this region. Send that day or a later one.', app.today(p_region_id)),
          p_ship_on < app.today(p_region_id)),
        ('VA001', 'ship_on', format('Nobody knows so far ahead: send a day until %s.', app.today(p_region_id) + c_days_max),
          p_ship_on > app.today(p_region_id) + c_days_max)) f (code, parameter, detail, is_wrong)
     where f.is_wrong
     limit 1);
end
$$;

grant execute on function orders.refuse_question(smallint, text, text, date) to scoville_definer;
