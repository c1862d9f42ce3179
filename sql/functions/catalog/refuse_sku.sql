-- The refusal of a write of a SKU by somebody who is not an admin, or null. p_old: the existing document, or null; p_reference: the
-- price from which the bound is counted. Everybody who keeps SKUs describes them; what changes what customers pay, or ends the sale in
-- every channel, is the admin's. The bound is not counted from the current price: a few steps in a row would leave it.
create or replace function catalog.refuse_sku(
  p_old jsonb,
  p_new jsonb,
  p_reference numeric
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_share constant numeric := 0.5;  -- a price may be this much below or above p_reference
  v_old numeric := (p_old ->> 'price')::numeric;
  v_new numeric := (p_new ->> 'price')::numeric;
  v_scale integer := scale(p_reference);  -- the decimals of its currency
  v_step numeric := round(0.1 ^ v_scale, v_scale);  -- the smallest amount
  v_low numeric := ceil(p_reference * (1 - c_share) / v_step) * v_step;
  v_high numeric := floor(p_reference * (1 + c_share) / v_step) * v_step;
  v_errors jsonb;
begin
  if app.claim_role() = 'admin' then
    return null;
  end if;
  select jsonb_agg(f.fault order by f.fault ->> 'pointer') into v_errors
    from (values
      (case
         when v_new is not distinct from v_old then null
         when v_new = 0 then jsonb_build_object('pointer', '/price', 'detail', 'A price of 0 gives the SKU away. Ask an admin.')
         when p_old is null then null
         when v_new is null then jsonb_build_object('pointer', '/price', 'detail', 'Without a price the SKU is no longer sold. Ask an admin.')
         when p_reference is null then jsonb_build_object('pointer', '/price', 'detail', 'The SKU was made without a price. Ask an admin for the first one.')
         when v_new < v_low or v_new > v_high then jsonb_build_object('pointer', '/price', 'detail',
           format('The price may be from %s to %s: %s, the price that an admin set last, less or more %s %%. Ask an admin for another.', v_low, v_high,
             p_reference, round(c_share * 100)), 'price_min', v_low, 'price_max', v_high) end),
      (case when p_new ->> 'currency' <> p_old ->> 'currency'
         then jsonb_build_object('pointer', '/currency', 'detail', 'Another currency changes every price. Ask an admin.') end),
      (case when p_new -> 'components' <> coalesce(p_old -> 'components', '[]')
         then jsonb_build_object('pointer', '/components', 'detail', 'What a bundle is made of changes what customers get. Ask an admin.') end),
      (case when p_new -> 'active' <> p_old -> 'active'
         then jsonb_build_object('pointer', '/active', 'detail', 'Every channel starts or stops selling the SKU. Ask an admin.') end)) f (fault)
   where f.fault is not null;
  if v_errors is null then
    return null;
  end if;
  return app.refuse_lines(p_code => 'SK005', p_errors => v_errors, p_detail => format(
    'Role %s may describe a SKU and change its price within a bound, but not this. %s', app.claim_role(),
    (select string_agg(e.value ->> 'detail', ' ') from jsonb_array_elements(v_errors) e)));
end
$$;

grant execute on function catalog.refuse_sku(jsonb, jsonb, numeric) to scoville_definer;
