-- Opens and reduces the withholdings that these movements name: units that are withheld for a cause, and, negative, what became of them,
-- which the kind of the movement says. Only stock.post_lots calls this, for every movement.
-- Lock order: the caller has locked the levels and their lot_levels.
create or replace function stock.write_withholdings(
  p_region_id smallint,
  p_movements stock.movement[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_opened integer;
  v_reduced integer;
begin
  insert into stock.withholdings
    (region_id, withholding_id, warehouse_id, sku_id, lot_id, cause, document, note, quantity, created_at, updated_at, changed_by,
     change_reason, request_id)
  select p_region_id, m.withholding_id, m.warehouse_id, m.sku_id, m.lot_id, m.cause, m.document, m.note, m.withheld, v_now, v_now, m.actor,
         m.reason_code, m.request_id
    from unnest(p_movements) m
   where m.withheld > 0
   order by m.withholding_id;
  get diagnostics v_opened = row_count;
  update stock.withholdings w
     set restocked = w.restocked + n.restocked, scrapped = w.scrapped + n.scrapped, sent_back = w.sent_back + n.sent_back,
         transferred = w.transferred + n.transferred, version = w.version + 1, updated_at = v_now, changed_by = n.actor, change_reason = n.reason, request_id = n.request_id
    from (select m.withholding_id, coalesce(sum(-m.withheld) filter (where m.kind = 'restock'), 0) as restocked,
                 coalesce(sum(-m.withheld) filter (where m.kind = 'scrap'), 0) as scrapped,
                 coalesce(sum(-m.withheld) filter (where m.kind = 'send_back'), 0) as sent_back,
                 coalesce(sum(-m.withheld) filter (where m.kind = 'transfer_out'), 0) as transferred, max(m.actor) as actor,
                 string_agg(concat_ws(': ', m.reason_code, m.note), '; ' order by m.ordinality) as reason, max(m.request_id) as request_id
            from unnest(p_movements) with ordinality m
           where m.withheld < 0
           group by m.withholding_id) n
   where w.region_id = p_region_id and w.withholding_id = n.withholding_id;
  get diagnostics v_reduced = row_count;
  if v_opened + v_reduced <> (select count(distinct m.withholding_id) from unnest(p_movements) m where m.withheld <> 0) then
    raise exception using errcode = 'internal_error', message = 'withheld units without a withholding';
  end if;
end
$$;

grant execute on function stock.write_withholdings(smallint, stock.movement[]) to scoville_definer;
