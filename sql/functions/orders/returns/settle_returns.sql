-- Closes those of these returns of which all units came or were given up and none is withheld any more; the last disposition or the
-- shortening of the return calls it. A return that nobody received closes, too, when all of it is given up.
-- Lock order: returns in key order, after the levels. The locks come first, so the update reads whatever others wrote before.
create or replace function orders.settle_returns(
  p_region_id smallint,
  p_return_ids bigint[],
  p_actor text,
  p_request_id text
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_closed bigint;
begin
  perform orders.lock_returns(p_region_id, p_return_ids);
  for v_closed in
    update orders.returns r
       set status = 'closed', version = r.version + 1, updated_at = app.now(), changed_by = p_actor, change_reason = 'closed',
           request_id = p_request_id
     where r.region_id = p_region_id and r.return_id = any (p_return_ids) and r.status in ('requested', 'approved', 'received')
       and not exists (
         select from orders.return_lines l
          where l.region_id = p_region_id and l.return_id = r.return_id and l.received + l.given_up < l.quantity)
       and not exists (
         select from orders.return_receipts c
           join stock.withholdings w on w.region_id = p_region_id and w.withholding_id = c.withholding_id
          where c.region_id = p_region_id and c.return_id = r.return_id and w.open_quantity > 0)
    returning r.return_id
  loop
    perform orders.emit_return(p_region_id => p_region_id, p_return_id => v_closed, p_type => 'return.closed', p_actor => p_actor,
      p_request_id => p_request_id);
  end loop;
end
$$;

grant execute on function orders.settle_returns(smallint, bigint[], text, text) to scoville_definer;
