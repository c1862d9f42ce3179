-- One entry of the faulty lines: a change leaves a line fewer units than were shipped of it. It points at the first item that names the SKU.
create or replace function orders.shipped_line(
  p_sku_id text,
  p_price numeric,
  p_amount numeric,
  p_fulfilled bigint,
  p_items jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select jsonb_build_object('pointer', coalesce('/items/' || min(i.ordinality) - 1 || '/quantity', '/items'), 'sku_id', p_sku_id,
           'fulfilled', p_fulfilled, 'detail', format('%s of %s were shipped%s. The order cannot have fewer.', p_fulfilled, p_sku_id,
             case when p_amount is null then format(' at %s', p_price) else '' end))
    from jsonb_array_elements(p_items) with ordinality i
   where i.value ->> 'sku_id' = p_sku_id;
$$;

grant execute on function orders.shipped_line(text, numeric, numeric, bigint, jsonb) to scoville_definer;
