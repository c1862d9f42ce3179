-- The refusal of a sale that is handed over at once (the member handed_over of an order), or null. What must not be, whatever the shelf
-- holds: the shelf is asked later, under its locks (orders.hand_over_draft). A lot that was in the warehouse once stays known there, so
-- this needs no lock.
create or replace function orders.refuse_handover(
  p_region_id smallint,
  p_order jsonb,
  p_draft orders.draft
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_request jsonb := p_order -> 'handed_over';
  v_warehouse text := v_request ->> 'warehouse_location';
  v_serving text[] := array(
    select s.warehouse_id
      from catalog.serving_warehouses() s
     where s.region_id = p_region_id and s.channel_id = p_draft.channel_id
     order by s.priority, s.warehouse_id);
begin
  if p_draft.historic or p_draft.reservation_id is not null or p_draft.unpaid_until is not null then
    return app.refuse(p_code => 'VA001', p_pointer => '/handed_over', p_detail => 'What is handed over is paid, leaves the shelf now, '
      'and is completed. Leave out historic, reservation_id and status pending, or leave out handed_over.');
  elsif v_warehouse <> all (v_serving) then
    return app.refuse(p_code => 'ST003', p_pointer => '/handed_over/warehouse_location', p_facts => jsonb_build_object('allowed', v_serving),
      p_detail => format('Warehouse %s does not serve channel %s. Name the one where the customer stands, or let an admin add it to the '
        'channel.', v_warehouse, p_draft.channel_id));
  end if;
  return (
    with items as (
      select '/handed_over/items/' || i.ordinality - 1 as pointer, i.ordinality, i.value ->> 'sku_id' as sku_id, n.number, t.lot_id,
             (i.value ->> 'quantity')::bigint as quantity, i.value ->> 'expiration_date' as expiration_date, i.value ->> 'reason_code' as reason_code
        from jsonb_array_elements(coalesce(nullif(v_request -> 'items', 'null'), '[]')) with ordinality i
       cross join lateral (select coalesce(i.value ->> 'batch_number', i.value ->> 'lot_number') as number) n
        left join stock.lots t
          on t.region_id = p_region_id and t.sku_id = i.value ->> 'sku_id' and t.batch_key = app.code_key(n.number)
    ), named as (
      select i.sku_id, min(i.ordinality) as first, sum(i.quantity) as units, bool_and(i.number is not null) as is_scanned
        from items i
       group by i.sku_id
    ), sold as (
      select l.sku_id, sum(l.quantity) as units, min(l.line_no) as line_no
        from unnest(p_draft.sku_ids, p_draft.quantities) with ordinality l (sku_id, quantity, line_no)
       group by l.sku_id
    ), is_offline as (
      select coalesce((v_request ->> 'offline')::boolean, false) as offline
    )
    select f.refusal
      from (
        select 1 as step, n.first as nth, app.refuse(p_code => 'VA001', p_pointer => format('/handed_over/items/%s/quantity', n.first - 1),
                 p_detail => format('%s of %s handed over, %s sold. Hand over what was sold.', n.units, n.sku_id, coalesce(s.units, 0))) as refusal
          from named n
          left join sold s on s.sku_id = n.sku_id
         where n.units is distinct from s.units
         union all
        select 2, i.ordinality, app.refuse(p_code => 'VA001', p_pointer => i.pointer || '/reason_code',
                 p_detail => 'Nobody chose a lot for a reason when the till was offline: leave reason_code out.')
          from items i
          join is_offline o on o.offline
         where i.reason_code is not null
         union all
        select 3, i.ordinality, app.refuse(p_code => 'ST007', p_pointer => i.pointer || '/batch_number',
                 p_detail => format('%s has no lot %s. Correct the number, or name its expiration_date too: then the lot is created.',
                   i.sku_id, i.number))
          from items i
          join is_offline o on o.offline
         where i.number is not null and i.lot_id is null and i.expiration_date is null
         union all
        select 4, s.line_no, app.refuse(p_code => 'ST015', p_pointer => '/handed_over/items',
                 p_detail => format('No lot of %s was ever in %s, so nobody knows what was sold. Name its batch_number in items, with '
                   'expiration_date if Scoville does not know the lot.', s.sku_id, v_warehouse))
          from sold s
          join is_offline o on o.offline
         where not coalesce((select n.is_scanned from named n where n.sku_id = s.sku_id), false)
           and not exists (
             select from stock.lot_levels v
              where v.region_id = p_region_id and v.warehouse_id = v_warehouse and v.sku_id = s.sku_id)) f
     order by f.step, f.nth
     limit 1);
end
$$;

grant execute on function orders.refuse_handover(smallint, jsonb, orders.draft) to scoville_definer;
