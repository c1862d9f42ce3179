-- What scanned text says, as {readings: [{ai: value}], faults: [text], marked}. No reading and no fault: it is no code of GS1, and the text
-- itself may be a number of a lot or a SKU. Several readings: a field is not ended, so the text is ambiguous. Raises nothing,
-- whatever the text is. Without a symbology identifier of GS1, text is a code of GS1 only if it says so to its last character, and
-- names a trade item or a logistic unit: a lot may be called 10D9T. A number of 8, 12, 13 or 14 digits is a GTIN if its last digit
-- checks the others; if not, both may be meant, so the fault is told too. marked: it is a code of GS1, and nothing else.
create or replace function catalog.parse_gs1(
  p_text text,
  p_separator text,
  p_today date
)
  returns jsonb
  language plpgsql
  immutable
  parallel safe
  set search_path = ''
as $$
declare
  v_marked boolean := p_text ~ '^\](C1|d2|d8|Q3|e0)' or p_text ~ '^\((00|01|02)\)' or p_text ~* '^https?://';
  v_bare text := regexp_replace(p_text, '^\][A-Za-z][0-9A-Za-z]', '');
  v_elements text := catalog.element_string(p_text, p_separator);
  v_readings jsonb;
  v_faults jsonb;
begin
  if not v_marked and v_bare ~ '^([0-9]{8}|[0-9]{12,14})$' then
    return case when catalog.long_gtin(v_bare) is not null
                then jsonb_build_object('readings', jsonb_build_array(jsonb_build_object('01', lpad(v_bare, 14, '0'))), 'faults', '[]'::jsonb, 'marked', false)
                else jsonb_build_object('readings', '[]'::jsonb, 'faults', jsonb_build_array(v_bare || ' has a wrong check digit'), 'marked', false) end;
  end if;
  select jsonb_agg(r.fields order by length(r.fields ->> '10') desc nulls last, r.fields::text)
         filter (where r.rest = '' and r.faults = '{}' and r.fields ?| '{00,01,02}' and r.nth <= 20),
         (array_agg(to_jsonb(case when r.rest = '' then r.faults else r.faults || ('no field begins at "' || left(r.rest, 20) || '"') end)
            order by length(r.rest), cardinality(r.faults), r.fields::text) filter (where v_marked or r.fields ?| '{00,01,02}'))[1]
    into v_readings, v_faults
    from (select e.*, row_number() over (partition by e.rest = '' and e.faults = '{}' order by length(e.fields ->> '10') desc nulls last) as nth
            from catalog.read_elements(p_text => v_elements, p_marked => v_marked or v_elements ~ chr(29), p_today => p_today) e) r;
  return jsonb_build_object(
    'readings', coalesce(v_readings, '[]'),
    'faults', case when v_readings is not null then '[]'
                   when v_faults <> '[]' then v_faults
                   when v_marked then jsonb_build_array('it names neither a trade item (01, 02) nor a logistic unit (00)')
                   else '[]' end,
    'marked', v_marked);
end
$$;

grant execute on function catalog.parse_gs1(text, text, date) to scoville_definer;
