-- The items of a change with the units that the order shall have: an item that is sent back as it was read counts its canceled units too,
-- and says how many they are.
create or replace function orders.kept_items(
  p_items jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select coalesce(jsonb_agg(case when (i.value ->> 'canceled')::bigint > 0
                        then i.value || jsonb_build_object('quantity',
                               greatest(0, (i.value ->> 'quantity')::bigint - (i.value ->> 'canceled')::bigint))
                        else i.value end order by i.ordinality), '[]')
    from jsonb_array_elements(p_items) with ordinality i;
$$;

grant execute on function orders.kept_items(jsonb) to scoville_definer;
