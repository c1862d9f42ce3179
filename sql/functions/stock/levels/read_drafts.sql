-- Reads the elements of a stock command and refuses those that name what does not exist for the caller, in the order a caller
-- would mend them: warehouse, SKU, reason. p_may_create: an admin's receipt may name a new warehouse, and a new SKU if it
-- brings a name. p_sku_in_path: the path of the request names the SKU, so an unknown SKU is a path that is not found. A retired
-- warehouse receives nothing; what is left in it is still counted and adjusted.
create or replace function stock.read_drafts(
  p_region_id smallint,
  p_elements jsonb,
  p_reason_code text,
  p_may_create boolean,
  p_sku_in_path boolean
)
  returns setof stock.draft
  language sql
  stable
  set search_path = ''
as $$
  select r.ordinal, v.refusal ->> 'code', v.refusal -> 'body', r.sku_id, r.warehouse_id, r.delta, r.counted,
         r.batch_number, null::bigint, r.reason_code, r.element ->> 'note', r.element ->> 'reference',
         (r.element ->> 'change_from_quantity')::bigint, r.element ->> 'if_match',
         coalesce(r.element -> 'meta' ->> 'actor', app.claim_subject()),
         coalesce(r.element -> 'meta' ->> 'request_id', app.claim_request_id()), r.element
    from (
      select e.ordinality::integer as ordinal, e.value as element, e.value ->> 'sku_id' as sku_id,
             e.value ->> 'warehouse_location' as warehouse_id, (e.value ->> 'delta')::bigint as delta,
             (e.value ->> 'stock')::bigint as counted,
             coalesce(e.value ->> 'batch_number', e.value ->> 'lot_number') as batch_number,
             coalesce(e.value ->> 'reason_code', p_reason_code) as reason_code,
             bool_or(e.value ->> 'name' is not null)
               over (partition by e.value ->> 'sku_id' order by e.ordinality) as named
        from jsonb_array_elements(p_elements) with ordinality e
    ) r
    left join catalog.skus k on k.sku_id = r.sku_id
    left join catalog.warehouses w on w.warehouse_id = r.warehouse_id
    left join catalog.reason_codes c on c.reason_code = r.reason_code and c.active
   cross join lateral (select case
     when not coalesce((w.active or p_reason_code is distinct from 'received') and w.region_id = p_region_id
                       and (app.reaches_all_warehouses() or w.warehouse_id = any (app.claim_warehouses())),
                       w.warehouse_id is null and p_may_create)
       then jsonb_build_object('code', 'ST003', 'body', app.refusal(
         format('There is no warehouse %s for you. GET /v1/inventory/warehouses lists yours.', r.warehouse_id),
         '/warehouse_location'))
     when k.sku_id is null and p_sku_in_path
       then jsonb_build_object('code', 'ST010', 'body', app.refusal(
         format('SKU %s does not exist. GET /v1/inventory lists the existing SKUs.', r.sku_id), ''))
     when k.sku_id is null and not (p_may_create and r.named)
       then jsonb_build_object('code', 'ST002', 'body', app.refusal(
         format('There is no SKU %s. An admin makes it by POST /v1/skus, or by a receipt with its name.', r.sku_id),
         '/sku_id'))
     when c.reason_code is null
       then jsonb_build_object('code', 'ST004', 'body', app.refusal(
         format('There is no reason code %s.', r.reason_code), '/reason_code',
         jsonb_build_object('allowed', (
           select jsonb_agg(a.reason_code order by a.reason_code) from catalog.reason_codes a where a.active))))
     when c.direction = 'in' and r.delta < 0 or c.direction = 'out' and (r.delta > 0 or p_reason_code = 'received')
       then jsonb_build_object('code', 'ST006', 'body', app.refusal(
         format('Reason %s only goes with units that %s.', r.reason_code,
           case c.direction when 'in' then 'come in' else 'go out' end), '/reason_code'))
     when c.note_required and coalesce(r.element ->> 'note', '') = ''
       then jsonb_build_object('code', 'ST005', 'body', app.refusal(
         format('Reason %s needs a note that says what happened.', r.reason_code), '/note'))
     end) v (refusal);
$$;

grant execute on function stock.read_drafts(smallint, jsonb, text, boolean, boolean) to scoville_definer;
