-- Refuses the reservations that would give their owner more than the channel's share of a SKU's units (hold_share_max: percent of the
-- free and reserved units in the channel's warehouses; at least one unit). Earlier reservations of the same batch count, whether or
-- not they get their units. A transaction that changes a reservation has locked its levels, and all levels are locked here, so the
-- counts hold.
-- Lock order: stock_levels in key order (lock_candidates).
create or replace function stock.cap_reservations(
  p_region_id smallint,
  p_drafts stock.reservation_draft[]
)
  returns api.result[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusals api.result[] := '{}';
  v_draft stock.reservation_draft;
  v_now timestamptz := app.now();
  v_share integer;
  v_taken jsonb := '{}';  -- by earlier reservations of the batch: {owner: {SKU: units}}
  v_own jsonb;
  v_errors jsonb;
begin
  if not exists (select from unnest(p_drafts) d
                   join catalog.channels c on c.channel_id = d.channel_id and c.hold_share_max < 100) then
    return v_refusals;
  end if;
  perform from stock.lock_candidates(p_region_id, stock.reservation_demands(p_drafts));
  foreach v_draft in array p_drafts loop
    select c.hold_share_max into v_share from catalog.channels c where c.channel_id = v_draft.channel_id;
    continue when v_share = 100;
    v_own := coalesce(v_taken -> v_draft.actor, '{}');
    select jsonb_agg(stock.short_line(p_line_no => l.line_no, p_sku_id => l.sku_id, p_requested => l.quantity,
                       p_available => greatest(l.free, 0))
             || jsonb_build_object('detail', format(
                  '%s of %s wanted; you may reserve %s more.', l.quantity, l.sku_id, greatest(l.free, 0)))
             order by l.line_no) filter (where l.quantity > l.free),
           v_own || jsonb_object_agg(l.sku_id, coalesce((v_own ->> l.sku_id)::bigint, 0) + l.quantity)
      into v_errors, v_own
      from (
        select r.line_no, r.sku_id, r.quantity,
               greatest(1, u.units * v_share / 100) - h.held - coalesce((v_own ->> r.sku_id)::bigint, 0) as free
          from jsonb_to_recordset(v_draft.lines) as r (line_no integer, sku_id text, quantity bigint)
         cross join lateral (
           select coalesce(sum(s.available::bigint + s.reserved), 0)::bigint as units
             from catalog.serving_warehouses() w
             join stock.stock_levels s on s.region_id = p_region_id and s.warehouse_id = w.warehouse_id and s.sku_id = r.sku_id
            where w.channel_id = v_draft.channel_id) u
         cross join lateral (
           select coalesce(sum(n.quantity), 0)::bigint as held
             from stock.reservations v
             join stock.reservation_lines n on n.region_id = p_region_id and n.reservation_id = v.reservation_id
             join catalog.channel_warehouses w on w.channel_id = v_draft.channel_id and w.warehouse_id = n.warehouse_id
            where v.region_id = p_region_id and v.owner = v_draft.actor and v.status = 'active' and v.expires_at > v_now
              and n.sku_id = r.sku_id) h) l;
    if v_errors is null then
      v_taken := jsonb_set(v_taken, array[v_draft.actor], v_own);
    else
      v_refusals := v_refusals || app.result_of(v_draft.ordinal, app.refuse_lines(p_code => 'RV005', p_errors => v_errors,
        p_detail => format('Channel %s lets one client reserve at most %s %% of a SKU. Reserve less, or order or release your reservations.',
          v_draft.channel_id, v_share)));
    end if;
  end loop;
  return v_refusals;
end
$$;

grant execute on function stock.cap_reservations(smallint, stock.reservation_draft[]) to scoville_definer;
