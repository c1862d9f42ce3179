-- The refusals of deliveries by their items (p_items: each with the number of its request and its own): the first wrong item of each delivery,
-- with its place in the request.
create or replace function supply.refusals_of_items(
  p_items jsonb,
  p_refusals api.result[]
)
  returns api.result[]
  language sql
  immutable
  set search_path = ''
as $$
  select coalesce(array_agg(f.result), '{}')
    from (select distinct on (i.request) app.new_result(p_ordinal => i.request, p_code => r.code,
                   p_body => jsonb_set(r.body::jsonb, '{errors}', (
                     select jsonb_agg(e.value || jsonb_build_object('pointer', '/items/' || i.item - 1 || (e.value ->> 'pointer')))
                       from jsonb_array_elements(r.body::jsonb -> 'errors') e))::json) as result
            from unnest(p_refusals) r
           cross join lateral (select (p_items -> r.ordinal - 1 ->> 'request')::integer, (p_items -> r.ordinal - 1 ->> 'item')::integer)
             i (request, item)
           order by i.request, i.item) f;
$$;

grant execute on function supply.refusals_of_items(jsonb, api.result[]) to scoville_definer;
