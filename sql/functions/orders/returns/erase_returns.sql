-- Takes free text out of the returns of these locked orders and out of the withholdings that their receipts opened. Returns the ids of
-- both. Their audit holds the old values until audit.erase_history.
-- Lock order: returns in key order; withholdings are reached only through their level, so their rows wait for whoever disposes of them.
create or replace function orders.erase_returns(
  p_region_id smallint,
  p_order_ids bigint[],
  p_actor text,
  p_request_id text,
  out return_ids bigint[],
  out withholding_ids bigint[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  return_ids := array(
    select r.return_id from orders.returns r where r.region_id = p_region_id and r.order_id = any (p_order_ids) order by r.return_id);
  perform orders.lock_returns(p_region_id, return_ids);
  withholding_ids := array(
    select c.withholding_id from orders.return_receipts c where c.region_id = p_region_id and c.return_id = any (return_ids));
  update orders.returns r
     set reason = 'erased', note = null, person = null, status_reason = case when r.status_reason is not null then 'erased' end,
         version = r.version + 1, updated_at = app.now(), changed_by = p_actor, change_reason = 'erased', request_id = p_request_id
   where r.region_id = p_region_id and r.return_id = any (return_ids);
  update stock.withholdings w
     set note = null, changed_by = p_actor, change_reason = 'erased', request_id = p_request_id
   where w.region_id = p_region_id and w.withholding_id = any (withholding_ids);
end
$$;

grant execute on function orders.erase_returns(smallint, bigint[], text, text) to scoville_definer;
