-- An order as it was read from the request and priced.
create or replace function orders.new_draft(
  p_ordinal integer default null,
  p_channel_id text default null,
  p_external_id text default null,
  p_customer_name text default null,
  p_customer_email text default null,
  p_customer_phone text default null,
  p_customer_address text default null,
  p_note text default null,
  p_placed_at timestamptz default null,
  p_currency text default null,
  p_total_price numeric default null,
  p_sku_ids text[] default null,
  p_quantities bigint[] default null,
  p_prices numeric[] default null,
  p_amounts numeric[] default null,
  p_bundles jsonb default null,
  p_addresses text[] default null,
  p_items json default null,
  p_actor text default null,
  p_request_id text default null,
  p_reservation_id bigint default null,
  p_historic boolean default false,
  p_unpaid_until timestamptz default null,
  p_order_id bigint default null,
  p_warehouse_ids text[] default null,
  p_document json default null,
  p_customer_group text default null,
  p_has_rules boolean default false
)
  returns orders.draft
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_channel_id, p_external_id, p_customer_name, p_customer_email, p_customer_phone, p_customer_address,
    p_note, p_placed_at, p_currency, p_total_price, p_sku_ids, p_quantities, p_prices, p_amounts, p_bundles, p_addresses, p_items, p_actor,
    p_request_id, p_reservation_id, p_historic, p_unpaid_until, p_order_id, p_warehouse_ids, p_document, p_customer_group, p_has_rules)::orders.draft;

grant execute on function orders.new_draft(integer, text, text, text, text, text, text, text, timestamptz, text, numeric, text[], bigint[],
  numeric[], numeric[], jsonb, text[], json, text, text, bigint, boolean, timestamptz, bigint, text[], json, text, boolean) to scoville_definer;
