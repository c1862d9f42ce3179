-- The refusals of those orders, of which orders.read_drafts does not know that nothing is wrong with them. p_suspects: their ordinals.
create or replace function orders.refuse_suspects(
  p_region_id smallint,
  p_orders jsonb,
  p_suspects integer[],
  p_reservation_ids bigint[]
)
  returns api.result[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select app.result_of(s.ordinal, s.refusal)
      from (select n.ordinal, orders.refuse_order(p_region_id => p_region_id, p_order => p_orders -> n.ordinal - 1,
                     p_reservation_id => p_reservation_ids[n.ordinal], p_elements => jsonb_array_length(p_orders)) as refusal
              from unnest(p_suspects) n (ordinal)
            offset 0) s
     where (s.refusal).code is not null);
end
$$;

grant execute on function orders.refuse_suspects(smallint, jsonb, integer[], bigint[]) to scoville_definer;
