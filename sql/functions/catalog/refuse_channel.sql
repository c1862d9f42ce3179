-- Why a channel cannot be saved, or null: {"code", "body"}.
create or replace function catalog.refuse_channel(
  p_channel jsonb,
  p_region_id smallint
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select case
    when not exists (select from catalog.regions r where r.region_id = p_region_id)
         or (p_channel ->> 'region_id')::smallint <> p_region_id
      then pg_catalog.jsonb_build_object('code', 'VA001', 'body', app.refusal(
        'There is no such region, or the channel is in another one. A channel stays in its region.', '/region_id'))
    when n.errors is not null then pg_catalog.jsonb_build_object('code', 'ST003', 'body', pg_catalog.jsonb_build_object(
      'detail', pg_catalog.format('A channel is served by active warehouses of its region (%s).', p_region_id), 'errors', n.errors))
    end
    from (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('pointer', '/warehouses/' || w.ordinality - 1,
                   'detail', pg_catalog.format('There is no warehouse %s in region %s.', w.value, p_region_id))
                   order by w.ordinality) as errors
            from pg_catalog.jsonb_array_elements_text(coalesce(nullif(p_channel -> 'warehouses', 'null'), '[]')) with ordinality w
           where not exists (select from catalog.warehouses h
                              where h.warehouse_id = w.value and h.region_id = p_region_id)) n;
$$;

grant execute on function catalog.refuse_channel(jsonb, smallint) to scoville_definer;
