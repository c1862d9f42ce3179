-- Reads orders except the answered ones and prices them. Refuses orders without a channel, SKU or reservation of the caller's, and orders
-- with a price, amount or total that differs from the computed one. The total is computed here, never taken from the caller.
-- One pass over all orders decides for nearly all of them that nothing is wrong; orders.refuse_order looks at the others.
-- Only lines of bundles evaluate what concerns components.
create or replace function orders.read_drafts(
  p_region_id smallint,
  p_orders jsonb,
  p_answered api.result[],
  out p_drafts orders.draft[],
  out p_refusals api.result[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_just_now timestamptz := v_now - interval '1 minute';
  v_channel text := app.claim_channel();
  v_subject text := app.claim_subject();
  v_request_id text := app.claim_request_id();
  v_skip integer[] := '{}';
  v_reservation_ids bigint[];
  v_suspects integer[];
begin
  for i in 1 .. cardinality(p_answered) loop
    v_skip := v_skip || p_answered[i].ordinal;
  end loop;
  if p_orders @? '$[*].reservation_id ? (@ != null)' then
    select c.p_completed, c.p_reservation_ids into p_orders, v_reservation_ids
      from orders.complete_conversions(p_region_id, p_orders) c;
  end if;
  select coalesce(array_agg(
           orders.new_draft(p_ordinal => o.ordinal, p_channel_id => o.channel_id, p_external_id => o.external_id,
             p_customer_name => o.customer ->> 'name', p_customer_email => o.customer ->> 'email', p_customer_phone => o.customer ->> 'phone',
             p_customer_address => o.customer ->> 'address', p_note => o.element ->> 'note',
             p_customer_group => o.element ->> 'customer_group', p_placed_at => coalesce(o.placed_at, v_now),
             p_currency => coalesce(l.currency, 'USD'), p_total_price => l.total, p_sku_ids => l.sku_ids, p_quantities => l.quantities,
             p_prices => l.prices, p_amounts => l.amounts, p_bundles => l.bundles, p_addresses => l.addresses, p_items => l.items,
             p_actor => coalesce(o.meta ->> 'actor', v_subject), p_request_id => coalesce(o.meta ->> 'request_id', v_request_id),
             p_reservation_id => v_reservation_ids[o.ordinal], p_historic => o.historic, p_has_rules => c.freshness_rules <> '[]',
             p_unpaid_until => case o.element ->> 'status' when 'pending' then v_now + c.unpaid_minutes * interval '1 minute' end) order by o.ordinal), '{}'),
         -- Suspect is what is not certainly fine: an unknown value (null) makes no order fine. The bounds are no rules but narrower, as
         -- most orders are; orders.refuse_draft has the rules.
         array_agg(o.ordinal) filter (where (
           l.is_fine and c.channel_id is not null and not o.historic and l.total < 1000000 and o.element ->> 'reservation_id' is null
           and coalesce(o.placed_at between v_just_now and v_now, true) and coalesce((o.element ->> 'total_price')::numeric = l.total, true)
           and coalesce(o.external_id ~ '^[!-~]+$' and o.external_id !~ '^(ORD-|[.]{1,2}$)', true)
           and coalesce(o.element ->> 'customer_group' ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', true)
           and coalesce(o.element ->> 'status' in ('processing', 'pending'), true)) is not true)
    into p_drafts, v_suspects
    from jsonb_array_elements(p_orders) with ordinality e
   cross join lateral (
     select e.ordinality::integer as ordinal, e.value as element, e.value -> 'customer' as customer, e.value -> 'meta' as meta,
            coalesce(e.value ->> 'channel', v_channel) as channel_id, normalize(e.value ->> 'external_id', nfc) as external_id,
            (e.value ->> 'created_at')::timestamptz as placed_at, coalesce((e.value ->> 'historic')::boolean, false) as historic,
            orders.has_own_prices(e.value) as has_own_prices
      where e.ordinality <> all (v_skip)
     offset 0  -- computed once, although it is used several times
   ) o
    left join catalog.channels c
      on c.channel_id = o.channel_id and c.active and c.region_id = p_region_id
     and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels()))
   cross join lateral (
     select sum(coalesce(p.amount, p.price * p.quantity)) as total, min(p.currency) as currency, array_agg(p.sku_id) as sku_ids,
            array_agg(p.quantity) as quantities, array_agg(p.price) as prices, array_agg(p.amount) as amounts,
            case when count(p.address) > 0 then array_agg(p.address) end as addresses, jsonb_object_agg(p.line_no, p.components) filter (where p.components is not null) as bundles,
            json_agg(orders.item_document(p_sku_id => p.sku_id, p_quantity => p.quantity, p_price => p.price,
              p_amount => p.amount, p_fulfilled => case when o.historic then p.quantity else 0 end, p_canceled => 0,
              p_components => p.components, p_address => p.address)) as items,
            bool_and(p.is_fine and coalesce(p.given = p.price, p.price is not null)) and min(p.currency) = max(p.currency) as is_fine
       from (
         select i.line_no, i.sku_id, i.quantity, i.price as given, i.address, k.currency,
                coalesce(k.active and i.amount is null and (k.components = '[]' or catalog.sells_components(k.components)), false) as is_fine,
                case when k.components <> '[]' then orders.freeze_components(p_components => k.components, p_historic => o.historic,
                       p_quantity => i.quantity) end as components,
                orders.line_price(p_pricing => c.pricing, p_historic => o.has_own_prices, p_given => i.price, p_amount => i.amount,
                  p_current => k.price, p_decimals => k.decimals) as price,
                orders.own_amount(p_pricing => c.pricing, p_historic => o.has_own_prices, p_given => i.amount,
                  p_decimals => k.decimals) as amount
           from (select r.ordinality as line_no, r.value ->> 'sku_id' as sku_id, (r.value ->> 'quantity')::bigint as quantity,
                        (r.value ->> 'price')::numeric as price, (r.value ->> 'amount')::numeric as amount, r.value ->> 'address' as address
                   from jsonb_array_elements(nullif(o.element -> 'items', 'null')) with ordinality r
                  order by r.ordinality) i
           -- By key: with a misjudged number of lines the planner would read the whole catalog per order.
           left join lateral (select s.* from catalog.skus s where s.sku_id = i.sku_id limit 1) k on true
         offset 0) p  -- computed once, although it is used several times
   ) l;
  p_refusals := '{}';
  if v_suspects is not null then
    p_refusals := orders.refuse_suspects(p_region_id => p_region_id, p_orders => p_orders, p_suspects => v_suspects,
      p_reservation_ids => v_reservation_ids);
    p_drafts := orders.drop_refused(p_drafts, p_refusals);
  end if;
end
$$;

grant execute on function orders.read_drafts(smallint, jsonb, api.result[]) to scoville_definer;
