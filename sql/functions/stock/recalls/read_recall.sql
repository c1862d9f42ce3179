-- The lots that a request for a recall names, or the refusal that names each lot that does not exist: a recall of some of them would look
-- like one of all. Numbers are compared by app.code_key. The lot of units that nobody can read is in quarantine for good.
create or replace function stock.read_recall(
  p_region_id smallint,
  p_request jsonb,
  out lot_ids bigint[],
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_listed_max constant integer := 20;
  v_errors jsonb;
  v_unknown text;
  v_reason text := coalesce(p_request ->> 'reason_code', 'recalled');
begin
  select array_agg(distinct n.lot_id order by n.lot_id) filter (where n.lot_id is not null),
         jsonb_agg(jsonb_build_object('pointer', n.pointer, 'sku_id', n.sku_id, 'batch_number', n.number,
           'detail', format('%s has no lot %s. Its lots: %s.', n.sku_id, n.number, coalesce((
             select string_agg(s.batch_number, ', ' order by s.lot_id desc)
               from (select t.batch_number, t.lot_id
                       from stock.lots t
                      where t.region_id = p_region_id and t.sku_id = n.sku_id
                      order by t.lot_id desc limit c_listed_max) s), 'none'))) order by n.nth, n.at) filter (where n.lot_id is null),
         min(n.pointer) filter (where app.code_key(n.number) = stock.unknown_lot_key())
    into lot_ids, v_errors, v_unknown
    from (select e.ordinality as nth, b.ordinality as at, format('/lots/%s/batch_numbers/%s', e.ordinality - 1, b.ordinality - 1) as pointer,
                 e.value ->> 'sku_id' as sku_id, b.value as number, t.lot_id
            from jsonb_array_elements(coalesce(nullif(p_request -> 'lots', 'null'), '[]')) with ordinality e
           cross join lateral jsonb_array_elements_text(coalesce(nullif(e.value -> 'batch_numbers', 'null'), '[]')) with ordinality b
            left join stock.lots t
              on t.region_id = p_region_id and t.sku_id = e.value ->> 'sku_id' and t.batch_key = app.code_key(b.value)) n;
  if v_unknown is not null then
    refusal := app.refuse(p_code => 'RT005', p_pointer => v_unknown, p_detail => 'Lot UNKNOWN is quarantined for good. Recall the lots that its '
      'units may be of: the parcels of the recall name the returns that brought them.');
  elsif v_errors is not null then
    refusal := app.refuse_lines(p_code => 'RC001', p_errors => v_errors, p_detail => 'Nothing was recalled: some of these lots do not exist.');
  elsif lot_ids is null then
    refusal := app.refuse(p_code => 'VA001', p_pointer => '/lots', p_detail => 'Name the lots: lots is missing or empty.');
  elsif coalesce(p_request ->> 'person', '') = '' then
    refusal := app.refuse(p_code => 'VA001', p_pointer => '/person', p_detail => 'Name the person who is responsible: person is missing.');
  else
    refusal := catalog.refuse_reason(p_reason_code => v_reason, p_units => -1, p_note => p_request ->> 'note');
  end if;
end
$$;

grant execute on function stock.read_recall(smallint, jsonb) to scoville_definer;
