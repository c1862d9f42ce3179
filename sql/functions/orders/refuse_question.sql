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
begin
  if p_channel_id is null then
    return app.refuse(p_code => 'OR009', p_pointer => '/channel',
      p_detail => 'Your token has several channels or none: name the channel that would sell the units.');
  elsif not exists (
    select from catalog.channels c
     where c.channel_id = p_channel_id and c.active and c.region_id = p_region_id
       and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels()))) then
    return app.refuse(p_code => 'OR008', p_pointer => '/channel',
      p_detail => format('Channel %s does not exist or is not yours.', p_channel_id));
  elsif not exists (select from catalog.skus s where s.sku_id = p_sku_id and s.active) then
    return app.refuse(p_code => 'ST002', p_pointer => '/sku',
      p_detail => format('There is no active SKU %s.%s', p_sku_id, catalog.suggest_sku(p_sku_id)));
  elsif p_ship_on < app.today(p_region_id) then
    return app.refuse(p_code => 'VA001', p_pointer => '/ship_on',
      p_detail => format('ship_on is in the past: it is %s in this region. Send that day or a later one.', app.today(p_region_id)));
  end if;
  return null;
end
$$;

grant execute on function orders.refuse_question(smallint, text, text, date) to scoville_definer;
