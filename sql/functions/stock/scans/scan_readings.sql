-- The readings of text that is no code of GS1: every lot with this number, or else the SKU with this code, or else nothing known.
create or replace function stock.scan_readings(
  p_region_id smallint,
  p_text text,
  p_warehouse_id text
)
  returns json[]
  language sql
  stable
  set search_path = ''
as $$
  select case when cardinality(l.readings) > 0 then l.readings else array(
           select stock.scan_document(p_region_id => p_region_id, p_fields => '{}', p_sku_id => k.sku_id, p_warehouse_id => p_warehouse_id)
             from catalog.skus k where lower(k.sku_id collate "C") = lower(app.clean(p_text) collate "C")) end
    from (select array(
            select stock.scan_document(p_region_id => p_region_id, p_fields => jsonb_build_object('10', t.batch_number), p_sku_id => t.sku_id,
                     p_warehouse_id => p_warehouse_id)
              from stock.lots t
             where t.region_id = p_region_id and t.batch_key = app.code_key(p_text)
             order by t.sku_id
             limit 20)) l (readings);
$$;

grant execute on function stock.scan_readings(smallint, text, text) to scoville_definer;
