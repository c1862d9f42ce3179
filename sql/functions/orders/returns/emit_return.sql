-- Writes an event about a return that the caller has locked or written: the return as it is now, without the person.
create or replace function orders.emit_return(
  p_region_id smallint,
  p_return_id bigint,
  p_type text,
  p_actor text,
  p_request_id text
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform events.emit(p_region_id => p_region_id, p_type => p_type, p_subject => 'returns/' || orders.return_public_id(p_region_id, r.return_id),
    p_channel_id => r.channel_id, p_warehouse_ids => array[r.warehouse_id], p_version => r.version,
    p_data => d.document::jsonb - 'person', p_actor => p_actor, p_request_id => p_request_id)
    from orders.returns r
    join orders.return_documents(p_region_id, array[p_return_id]) d on d.return_id = r.return_id
   where r.region_id = p_region_id and r.return_id = p_return_id;
end
$$;

grant execute on function orders.emit_return(smallint, bigint, text, text, text) to scoville_definer;
