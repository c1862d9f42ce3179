-- Approves, refuses or shortens (p_status closed: what has not come is given up) a locked return, with the reason of the request. Returns a
-- refusal, or null. A shortened return stays open while units of it are withheld (orders.settle_returns).
create or replace function orders.decide_return(
  p_region_id smallint,
  p_return_id bigint,
  p_status text,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_reason text := app.clean(p_request ->> 'reason');
  v_return orders.returns;
  v_refusal api.refusal;
begin
  select r.* into v_return from orders.returns r where r.region_id = p_region_id and r.return_id = p_return_id;
  v_refusal := orders.refuse_return(p_return => v_return, p_request => p_request, p_statuses => case p_status
    when 'closed' then array['requested', 'approved', 'received'] when 'refused' then array['requested', 'approved']
    else array['requested'] end);
  if v_refusal.code is null and p_status <> 'approved' and coalesce(v_reason, '') = '' then
    v_refusal := app.refuse(p_code => 'VA001', p_pointer => '/reason', p_detail => format('Say why the return is %s: reason is missing.',
      p_status));
  end if;
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  if p_status = 'closed' then
    update orders.return_lines l
       set given_up = l.quantity - l.received
     where l.region_id = p_region_id and l.return_id = p_return_id;
  end if;
  update orders.returns r
     set status = case p_status when 'closed' then r.status else p_status end, status_changed_at = app.now(), status_changed_by = v_actor,
         status_reason = v_reason, version = r.version + 1, updated_at = app.now(), changed_by = v_actor,
         change_reason = concat_ws(': ', p_status, v_reason), request_id = v_request_id
   where r.region_id = p_region_id and r.return_id = p_return_id;
  if p_status = 'closed' then
    perform orders.settle_returns(p_region_id => p_region_id, p_return_ids => array[p_return_id], p_actor => v_actor,
      p_request_id => v_request_id);
  else
    perform orders.emit_return(p_region_id => p_region_id, p_return_id => p_return_id, p_type => 'return.' || p_status, p_actor => v_actor,
      p_request_id => v_request_id);
  end if;
  return null;
end
$$;

grant execute on function orders.decide_return(smallint, bigint, text, jsonb) to scoville_definer;
