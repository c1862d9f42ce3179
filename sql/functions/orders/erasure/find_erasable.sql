-- The orders that an erasure names, by e-mail or by their ids, that still hold something of a person; or the reason why it is not possible.
-- Orders that are still open need an address and a name on the parcel: they are erased only if the request says so.
create or replace function orders.find_erasable(
  p_region_id smallint,
  p_request jsonb,
  out order_ids bigint[],
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_named jsonb;
  v_errors jsonb;
begin
  if (p_request ->> 'email' is null) = (p_request -> 'order_ids' is null or p_request -> 'order_ids' = 'null') then
    refusal := app.refuse(p_code => 'VA001', p_pointer => '/email', p_detail => 'Name the person either by email or by order_ids.');
    return;
  elsif p_request ->> 'email' is not null then
    order_ids := orders.find_by_email(p_region_id, p_request ->> 'email');
  else
    select jsonb_agg(jsonb_build_object('at', e.ordinality - 1, 'id', e.value, 'order_id', orders.find_order(p_region_id, e.value)))
      into v_named
      from jsonb_array_elements_text(p_request -> 'order_ids') with ordinality e;
    select jsonb_agg(jsonb_build_object('pointer', '/order_ids/' || (n ->> 'at'),
             'detail', (orders.refuse_missing(p_region_id, n ->> 'id')).body ->> 'detail') order by (n ->> 'at')::integer)
      into v_errors
      from jsonb_array_elements(v_named) n
     where n ->> 'order_id' is null and not coalesce((p_request ->> 'skip_missing')::boolean, false);
    if v_errors is not null then
      refusal := app.refuse_lines(p_code => 'OR002', p_detail => 'Not all of these orders exist, or a number names several.',
        p_errors => v_errors);
      return;
    end if;
    order_ids := array(
      select distinct (n ->> 'order_id')::bigint from jsonb_array_elements(v_named) n where n ->> 'order_id' is not null order by 1);
  end if;
  order_ids := array(
    select o.order_id
      from orders.orders o
     where o.region_id = p_region_id and o.order_id = any (find_erasable.order_ids)
       and (o.customer_erased_at is null or o.note is not null or o.status_reason not in ('unpaid', 'erased') or exists (
         select from orders.order_lines l
          where l.region_id = p_region_id and l.order_id = o.order_id and l.address is not null) or exists (
         select from orders.fulfillments p
          where p.region_id = p_region_id and p.order_id = o.order_id
            and (p.note is not null or p.tracking_number is not null or p.cancel_reason <> 'erased'))
         or exists (
         select from orders.returns r
          where r.region_id = p_region_id and r.order_id = o.order_id
            and (r.reason <> 'erased' or r.note is not null or r.person is not null or r.status_reason <> 'erased')))
     order by o.order_id);
  if coalesce((p_request ->> 'include_open')::boolean, false) then
    return;
  end if;
  select jsonb_agg(jsonb_build_object('pointer', '/include_open', 'order_id', orders.public_id(p_region_id, o.order_id),
           'status', o.status, 'detail', format('%s is %s: its parcels need a name and an address.',
             orders.public_id(p_region_id, o.order_id), o.status)) order by o.order_id)
    into v_errors
    from (select f.order_id, f.status
            from orders.orders f
           where f.region_id = p_region_id and f.order_id = any (find_erasable.order_ids) and f.status not in ('completed', 'canceled')
           order by f.order_id
           limit 100) o;
  if v_errors is not null then
    refusal := app.refuse_lines(p_code => 'OR020', p_errors => v_errors, p_detail =>
      'Orders of this customer are still open. Ship or cancel them first, or send include_open to erase them all the same.');
  end if;
end
$$;

grant execute on function orders.find_erasable(smallint, jsonb) to scoville_definer;
