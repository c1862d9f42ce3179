-- Definer: the parser belongs to commands, and staff may read no table by themselves that it needs. It changes nothing; a scan names a
-- warehouse of the caller's or none.
create or replace function api.read_scans(
  p_region_id smallint,
  p_scans jsonb
)
  returns setof api.result
  language plpgsql
  stable
  security definer
  set search_path = ''
as $$
begin
  perform app.check_region(p_region_id);
  return query
    select r.*
      from jsonb_array_elements(p_scans) with ordinality e
     cross join lateral stock.read_scan(p_region_id, e.value) s
     cross join lateral app.new_result(p_ordinal => e.ordinality::integer, p_code => (s.refusal).code,
       p_body => coalesce((s.refusal).body::json, s.body)) r
     order by e.ordinality;
end
$$;

comment on function api.read_scans(smallint, jsonb) is
  'Says what scanned codes mean, and changes nothing. An array of {data, separator, warehouse_location}; one result per element, in order. '
  'data: an element string of GS1, with or without symbology identifier, its form with brackets, a GS1 Digital Link, a GTIN, or the '
  'number of a lot, or a SKU. separator: what the scanner sends for FNC1, if not 0x1D.
Errors: SN001 ST003 VA001';
alter function api.read_scans(smallint, jsonb) owner to scoville_definer;
grant execute on function api.read_scans(smallint, jsonb) to admin, warehouse;
