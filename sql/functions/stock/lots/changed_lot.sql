-- A lot as a change leaves it: status and dates are replaced if the change names them. A date that is null goes.
create or replace function stock.changed_lot(
  p_lot stock.lots,
  p_element jsonb
)
  returns stock.lots
  language sql
  stable
  set search_path = ''
as $$
  select jsonb_populate_record(p_lot, coalesce((
    select jsonb_object_agg(m.key, m.value)
      from jsonb_each(p_element) m
     where m.key in ('expiration_date', 'manufactured_on') or m.key = 'status' and m.value <> 'null'), '{}'));
$$;

grant execute on function stock.changed_lot(stock.lots, jsonb) to scoville_definer;
