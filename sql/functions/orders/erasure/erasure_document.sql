-- The answer to an erasure: which orders lost their customer, and how many rows about them. last_erased_at is the proof that a request
-- was carried out before: the latest erasure of this e-mail.
create or replace function orders.erasure_document(
  p_region_id smallint,
  p_erasure_id bigint,
  p_email_hash uuid,
  p_order_ids bigint[],
  p_former_ids bigint[],
  p_erased jsonb
)
  returns json
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return json_build_object(
    'erasure_id', 'ERS-' || p_region_id || '-' || p_erasure_id,
    'orders', array(select orders.public_id(p_region_id, o) from unnest(p_order_ids) o),
    'former_orders', array(select orders.public_id(p_region_id, f) from unnest(p_former_ids) f),
    'erased', p_erased,
    'last_erased_at', app.rfc3339((
      select max(e.erased_at) from orders.erasures e where e.region_id = p_region_id and e.email_hash = p_email_hash)));
end
$$;

grant execute on function orders.erasure_document(smallint, bigint, uuid, bigint[], bigint[], jsonb) to scoville_definer;
