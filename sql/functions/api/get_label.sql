-- Definer: the parser belongs to commands. It reads the label back before it gives it out, and changes nothing.
create or replace function api.get_label(
  p_region_id smallint,
  p_sku_id text,
  p_batch_number text,
  p_filters jsonb
)
  returns table (body json, etag text)
  language plpgsql
  stable
  security definer
  set search_path = ''
as $$
declare
  v_lot stock.lots;
  v_packaging catalog.packagings;
  v_elements text;
  v_text text;
begin
  perform app.check_region(p_region_id);
  if not exists (select from catalog.skus k where k.sku_id = p_sku_id) then
    perform app.raise_refusal(catalog.missing('skus', p_sku_id));
  end if;
  select t.* into v_lot
    from stock.lots t
   where t.region_id = p_region_id and t.sku_id = p_sku_id and t.batch_key = app.code_key(p_batch_number);
  if not found then
    perform app.raise_refusal(app.refuse('ST016', format('Lot %s of %s does not exist. GET /v1/inventory/%s/batches lists the lots.',
      p_batch_number, p_sku_id, p_sku_id)));
  end if;
  select p.* into v_packaging
    from catalog.packagings p
   where p.sku_id = p_sku_id and p.active and p.gtin is not null
     and case when p_filters ->> 'packaging' is null then true else p.name = p_filters ->> 'packaging' end
   order by p.units
   limit 1;
  if not found then
    perform app.raise_refusal(app.refuse(p_code => 'PK003', p_detail => format(
      '%s has no packaging%s with a GTIN. An admin gives it one: PATCH /v1/packagings/{packaging_id}.', p_sku_id,
      ' called ' || (p_filters ->> 'packaging'))));
  end if;
  -- The lot comes before the date: a separator ends it, so nothing that follows can be read as a part of it.
  v_elements := concat_ws(chr(29), '01' || v_packaging.gtin || '10' || v_lot.batch_number, '17' || to_char(v_lot.expiration_date, 'YYMMDD'));
  v_text := concat('(01)', v_packaging.gtin, '(10)', v_lot.batch_number, '(17)' || to_char(v_lot.expiration_date, 'YYMMDD'));
  if catalog.parse_gs1(p_text => ']d2' || v_elements, p_separator => null, p_today => app.today(p_region_id)) -> 'readings'
     <> jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('01', v_packaging.gtin, '10', v_lot.batch_number,
          '17', to_char(v_lot.expiration_date, 'YYMMDD'))))
     or catalog.gs1_date(to_char(v_lot.expiration_date, 'YYMMDD'), app.today(p_region_id)) <> v_lot.expiration_date then
    perform app.raise_refusal(app.refuse(p_code => 'SN002', p_detail => format(
      'A scanner would not read lot %s as it is. A label takes at most 20 letters, digits and signs, no spaces, and years near this one.',
      v_lot.batch_number)));
  end if;
  return query
    select json_build_object('sku_id', p_sku_id, 'packaging', v_packaging.name, 'units', v_packaging.units, 'gtin', v_packaging.gtin,
             'batch_number', v_lot.batch_number, 'expiration_date', v_lot.expiration_date, 'element_string', v_elements, 'text', v_text,
             'zpl', stock.label_zpl(p_elements => v_elements, p_text => v_text, p_name => k.name)),
           v_lot.version || '-' || v_packaging.version || '-' || k.version
      from catalog.skus k where k.sku_id = p_sku_id;
end
$$;

comment on function api.get_label(smallint, text, text, jsonb) is
  'What a label of a lot says: GTIN, lot and expiry date as a GS1 element string, as text, and in ZPL. Filters: packaging (its name; without '
  'it, the smallest one with a GTIN).
Errors: PK003 SN002 ST010 ST016';
alter function api.get_label(smallint, text, text, jsonb) owner to scoville_definer;
grant execute on function api.get_label(smallint, text, text, jsonb) to admin, warehouse;
