-- Tells staff of the warehouses that have units of the lots that a recall was opened or closed: its lots and figures, and no parcel or order.
create or replace function stock.emit_recall(
  p_region_id smallint,
  p_type text,
  p_recall_id bigint
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  select events.emit(p_region_id => p_region_id, p_type => p_type, p_subject => 'recalls/' || (d.document ->> 'recall_id'),
           p_channel_id => null, p_warehouse_ids => r.warehouse_ids, p_version => r.version,
           p_data => jsonb_strip_nulls(jsonb_build_object(
             'recall_id', d.document -> 'recall_id', 'status', r.status, 'reason_code', r.reason_code, 'note', r.note, 'person', r.person,
             'accounted_percent', d.document -> 'accounted_percent', 'recovered_percent', d.document -> 'recovered_percent',
             'lots', (select jsonb_agg(jsonb_build_object('sku_id', l.value ->> 'sku_id', 'batch_number', l.value ->> 'batch_number'))
                        from json_array_elements(d.document -> 'lots') l), 'version', r.version)),
           p_actor => r.changed_by, p_request_id => r.request_id)
    from stock.recalls r
    join stock.recall_documents(p_region_id, array[p_recall_id]) d on d.recall_id = r.recall_id
   where r.region_id = p_region_id and r.recall_id = p_recall_id;
$$;

grant execute on function stock.emit_recall(smallint, text, bigint) to scoville_definer;
