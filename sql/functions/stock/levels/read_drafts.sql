-- Reads the elements of a stock command except p_skip. Refuses elements that name something that does not exist for the caller, in
-- the order in which a caller would fix them: warehouse, SKU, reason. p_may_create: an admin's receipt may name a new warehouse, and
-- a new SKU if it gives a name. p_sku_in_path: the path of the request names the SKU, so an unknown SKU means 404.
-- p_quantity: the member that gives the number of units; an element without it is refused. A reorder point may be null.
-- A bundle has no level, so no posting names it. Returned units are withheld as they come: p_withholding_id.
-- A retired warehouse receives nothing; its remaining units can still be counted and adjusted.
create or replace function stock.read_drafts(
  p_region_id smallint,
  p_elements jsonb,
  p_skip integer[],
  p_reason_code text,
  p_quantity text,
  p_may_create boolean,
  p_sku_in_path boolean default false,
  out p_drafts stock.draft[],
  out p_refusals api.result[]
)
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(
           stock.new_draft(p_ordinal => r.ordinal, p_sku_id => r.sku_id, p_warehouse_id => r.warehouse_id, p_delta => r.delta,
             p_counted => r.counted, p_batch_number => r.batch_number, p_reason_code => r.reason_code,
             p_note => r.element ->> 'note', p_document => r.element ->> 'reference',
             p_change_from => (r.element ->> 'change_from_quantity')::bigint, p_if_match => r.element ->> 'if_match',
             p_actor => coalesce(r.element -> 'meta' ->> 'actor', app.claim_subject()),
             p_request_id => coalesce(r.element -> 'meta' ->> 'request_id', app.claim_request_id()), p_element => r.element,
             p_takes => c.takes,
             p_withholding_id => case when r.reason_code = 'return' then nextval('stock.withholdings_withholding_id_seq') end)
           order by r.ordinal) filter (where (v.refusal).code is null), '{}'),
         coalesce(array_agg(app.result_of(r.ordinal, v.refusal)) filter (where (v.refusal).code is not null), '{}')
    from (
      select e.ordinality::integer as ordinal, e.value as element, e.value ->> 'sku_id' as sku_id,
             e.value ->> 'warehouse_location' as warehouse_id, (e.value ->> 'delta')::bigint as delta,
             (e.value ->> 'stock')::bigint as counted,
             coalesce(e.value ->> 'batch_number', e.value ->> 'lot_number') as batch_number,
             case when e.value ->> 'batch_number' is null then 'lot_number' else 'batch_number' end as batch_field,
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
       then app.refuse(p_code => 'ST003', p_pointer => '/warehouse_location', p_detail => format(
         'Warehouse %s does not exist or is not yours.%s GET /v1/inventory/warehouses lists yours.', r.warehouse_id,
         catalog.suggest_warehouse(p_region_id => p_region_id, p_warehouse_id => r.warehouse_id,
           p_elements => jsonb_array_length(p_elements))))
     when k.sku_id is null and p_sku_in_path
       then app.refuse('ST010', format('SKU %s does not exist.%s GET /v1/inventory lists the existing SKUs.', r.sku_id,
         catalog.suggest_sku(r.sku_id, jsonb_array_length(p_elements))))
     when k.sku_id is null and not (p_may_create and r.named)
       then app.refuse(p_code => 'ST002', p_pointer => '/sku_id', p_detail => format(
         'SKU %s does not exist.%s An admin creates it with POST /v1/skus, or with a receipt that gives its name.', r.sku_id,
         catalog.suggest_sku(r.sku_id, jsonb_array_length(p_elements))))
     when k.components <> '[]'
       then app.refuse(p_code => 'KT003', p_pointer => case when p_sku_in_path then '' else '/sku_id' end, p_detail => format(
         'SKU %s is a bundle and has no stock of its own. Name its components.', r.sku_id),
         p_facts => jsonb_build_object('components', k.components))
     when app.clean(r.batch_number) = ''
       then app.refuse(p_code => 'VA001', p_pointer => '/' || r.batch_field, p_detail => 'The number of the lot is empty.')
     when app.hidden_character(app.clean(r.batch_number)) is not null
       then app.refuse(p_code => 'VA001', p_pointer => '/' || r.batch_field, p_detail => format(
         'The number of the lot contains a character that nobody sees (%s), so it would look like another lot. Type the number.',
         app.hidden_character(app.clean(r.batch_number))))
     when r.element ->> p_quantity is null and not (p_quantity = 'reorder_point' and r.element ? p_quantity)
       then app.refuse(p_code => 'VA001', p_pointer => '/' || p_quantity,
         p_detail => format('Say how many units: %s is missing.', p_quantity))
     else catalog.refuse_reason(p_reason_code => r.reason_code,
            p_units => coalesce(r.delta, case when p_reason_code = 'received' then 1 end), p_note => r.element ->> 'note')
     end offset 0) v (refusal)
   where r.ordinal <> all (p_skip);
$$;

grant execute on function stock.read_drafts(smallint, jsonb, integer[], text, text, boolean, boolean) to scoville_definer;
