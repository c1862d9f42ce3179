-- The refusal (RV002) of a reservation that no longer holds units, or null.
create or replace function stock.refuse_inactive(
  p_region_id smallint,
  p_reservation_id bigint,
  p_pointer text
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select app.refuse(p_code => 'RV002', p_pointer => p_pointer,
           p_detail => case d.document ->> 'status'
             when 'committed' then format('This reservation became order %s. Change or cancel that.',
               d.document ->> 'order_id')
             else format('This reservation is %s and holds no units. Make a new reservation.',
               d.document ->> 'status') end,
           p_facts => jsonb_strip_nulls(jsonb_build_object('reservation_id', d.document ->> 'reservation_id',
             'status', d.document ->> 'status', 'order_id', d.document ->> 'order_id')))
    from stock.reservation_documents(p_region_id, array[p_reservation_id]) d
   where d.document ->> 'status' <> 'active';
$$;

grant execute on function stock.refuse_inactive(smallint, bigint, text) to scoville_definer;
