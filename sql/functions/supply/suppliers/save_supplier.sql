-- Creates, changes or retires one supplier. Writes the audit. A retired one delivers what was ordered, and gets no new purchase.
-- Lock order: rows like those of the catalog come before every row of stock.
create or replace function supply.save_supplier(
  p_write catalog.write
)
  returns table (refusal api.refusal, body json, created boolean)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb;
  v_decision record;
  v_supplier supply.suppliers;
begin
  select supply.supplier_document(s)::jsonb into v_old
    from supply.suppliers s where s.supplier_id = p_write.id for no key update;
  created := v_old is null;
  v_decision := catalog.decide(p_write => p_write, p_noun => 'suppliers', p_old => v_old, p_defaults =>
    jsonb_build_object('supplier_id', p_write.id, 'name', p_write.id, 'lead_days', null, 'over_percent', 0, 'active', true));
  refusal := v_decision.refusal;
  if refusal is not null then
    return next;
    return;
  end if;
  v_supplier := jsonb_populate_record(null::supply.suppliers, v_decision.document);
  if created then
    insert into supply.suppliers as s (supplier_id, name, lead_days, over_percent, active, created_at, updated_at)
    values (v_supplier.supplier_id, v_supplier.name, v_supplier.lead_days, v_supplier.over_percent, v_supplier.active, app.now(), app.now())
    on conflict do nothing
    returning s.* into v_supplier;
    if not found then  -- another session has just created it: it can be changed, or the write is refused
      return query select s.* from supply.save_supplier(p_write) s;
      return;
    end if;
  elsif v_decision.document <> v_old then
    update supply.suppliers s
       set name = v_supplier.name, lead_days = v_supplier.lead_days, over_percent = v_supplier.over_percent, active = v_supplier.active,
           version = s.version + 1, updated_at = app.now()
     where s.supplier_id = p_write.id
    returning s.* into v_supplier;
  end if;
  body := supply.supplier_document(v_supplier);
  if body::jsonb is distinct from v_old then
    perform catalog.record_write(p_write => p_write, p_table_name => 'supply.suppliers', p_old => v_old, p_new => body::jsonb);
  end if;
  return next;
end
$$;

grant execute on function supply.save_supplier(catalog.write) to scoville_definer;
