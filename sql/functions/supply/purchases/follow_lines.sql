-- Gives an ordered purchase the status that its lines say: partially_received once something came, received once nothing is open then.
create or replace function supply.follow_lines(
  p_purchase supply.purchases
)
  returns supply.purchases
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_status text := (
    select case when not bool_or(l.received + l.damaged + l.refused > 0) then 'ordered'
                when bool_or(l.open_quantity > 0) then 'partially_received' else 'received' end
      from supply.purchase_lines l
     where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id);
begin
  if v_status <> p_purchase.status then
    update supply.purchases p
       set status = v_status
     where p.region_id = p_purchase.region_id and p.purchase_id = p_purchase.purchase_id
    returning p.* into p_purchase;
  end if;
  return p_purchase;
end
$$;

grant execute on function supply.follow_lines(supply.purchases) to scoville_definer;
