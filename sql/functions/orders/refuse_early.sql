-- The refusal of a parcel with units that were sold before the day from which they leave (preorders), or null.
create or replace function orders.refuse_early(
  p_channel_id text,
  p_parts orders.part[]
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_early record;
begin
  select p.sku_id, r.ships_on into v_early
    from unnest(p_parts) p
   cross join lateral catalog.sale_rule(p_channel_id, p.sku_id) r
    join catalog.zones() z on z.warehouse_id = p.warehouse_id
   where r.ships_on > (app.now() at time zone z.time_zone)::date
   order by r.ships_on desc, p.sku_id
   limit 1;
  if v_early.sku_id is not null then
    return app.refuse(p_code => 'OR015', p_pointer => '/items', p_detail => format('%s was sold before its release: it leaves from %s on. '
      'Ship the other items alone, or let an admin change ships_on of the sale rule of channel %s.', v_early.sku_id, v_early.ships_on,
      p_channel_id), p_facts => jsonb_build_object('sku_id', v_early.sku_id, 'ships_on', v_early.ships_on));
  end if;
  return null;
end
$$;

grant execute on function orders.refuse_early(text, orders.part[]) to scoville_definer;
