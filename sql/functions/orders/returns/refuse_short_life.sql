-- The refusal to put returned units of a lot that can be sold back on the shelf, or null: the channels promise some time of sale of the
-- SKU, and the lot has too little left for each of these rules, so the units would stand there until they expire.
create or replace function orders.refuse_short_life(
  p_region_id smallint,
  p_sku_id text,
  p_lot_id bigint
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_expires_on date := (select t.expiration_date from stock.lots t where t.region_id = p_region_id and t.lot_id = p_lot_id);
  v_rules record;
begin
  select count(*) as number, min(f.fresh_until) as first_on,
         (array_agg(catalog.freshness_rule_name(c.channel_id, r.value) order by f.fresh_until))[1] as name
    into v_rules
    from catalog.channels c
   cross join jsonb_array_elements(c.freshness_rules) r
    left join catalog.skus k on k.sku_id = p_sku_id
   cross join lateral (select orders.fresh_until(p_region_id => p_region_id, p_sku_id => p_sku_id, p_rule => r.value,
                         p_ship_on => app.today(p_region_id)) as fresh_until) f
   where c.region_id = p_region_id and c.active
     and coalesce(r.value ->> 'sku_id' = p_sku_id, true)
     and coalesce(r.value ->> 'category' = k.attributes ->> 'category', r.value ->> 'category' is null);
  if v_rules.number = 0 or coalesce(v_expires_on, 'infinity') >= v_rules.first_on then
    return null;
  end if;
  return app.refuse(p_code => 'RT006', p_pointer => '/disposition', p_detail => format(
    'The lot expires on %s, too early for every promise about the time of sale, even for %s. Scrap the units, or send force.',
    v_expires_on, v_rules.name), p_facts => jsonb_build_object('expiration_date', v_expires_on, 'rule', v_rules.name));
end
$$;

grant execute on function orders.refuse_short_life(smallint, text, bigint) to scoville_definer;
