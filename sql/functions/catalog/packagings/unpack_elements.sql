-- Requests that count in packagings ({"stock": 2, "packaging": "case"}), in units: the one place where cases are multiplied, so nothing
-- downstream knows of them. p_quantity: the member that counts. packed: what was sent, for documents. Refuses packagings that the SKU
-- does not have; a retired one cannot be used. p_skip: elements that are already answered.
create or replace function catalog.unpack_elements(
  p_elements jsonb,
  p_quantity text,
  p_skip integer[],
  out p_unpacked jsonb,
  out p_refusals api.result[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  p_unpacked := p_elements;
  p_refusals := '{}';
  if not p_elements @? '$[*].packaging ? (@ != null)' then
    return;
  end if;
  select jsonb_agg(case when p.units is null then e.value
           else e.value || jsonb_build_object(p_quantity, (e.value ->> p_quantity)::bigint * p.units, 'packed',
             jsonb_build_object('quantity', (e.value ->> p_quantity)::bigint, 'packaging', p.name, 'units', p.units)) end order by e.ordinality),
         coalesce(array_agg(app.result_of(e.ordinality::integer, app.refuse(p_code => 'PK003', p_pointer => '/packaging', p_detail => format(
           '%s has no packaging called %s.%s', e.value ->> 'sku_id', e.value ->> 'packaging', (
             select ' It has: ' || string_agg(format('%s (%s)', o.name, o.units), ', ' order by o.units, o.name) || '.'
               from catalog.packagings o where o.sku_id = e.value ->> 'sku_id' and o.active)))) order by e.ordinality)
           filter (where e.value ->> 'packaging' is not null and p.units is null and e.ordinality <> all (p_skip)), '{}')
    into p_unpacked, p_refusals
    from jsonb_array_elements(p_elements) with ordinality e
    left join catalog.packagings p on p.sku_id = e.value ->> 'sku_id' and p.name = e.value ->> 'packaging' and p.active;
end
$$;

grant execute on function catalog.unpack_elements(jsonb, text, integer[]) to scoville_definer;
