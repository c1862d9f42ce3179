-- The faults of lines with unknown SKUs (or null); the first three are told which SKU may have been meant.
create or replace function catalog.suggest_lines(
  p_unknown jsonb,
  p_elements integer
)
  returns jsonb
  language sql
  stable
  strict
  parallel safe
  set search_path = ''
as $$
  select jsonb_agg(case when u.ordinality <= 3
           then jsonb_set(u.value, '{detail}', to_jsonb(
             (u.value ->> 'detail') || catalog.suggest_sku(u.value ->> 'sku_id', p_elements)))
           else u.value end order by u.ordinality)
    from jsonb_array_elements(p_unknown) with ordinality u;
$$;

grant execute on function catalog.suggest_lines(jsonb, integer) to scoville_definer;
