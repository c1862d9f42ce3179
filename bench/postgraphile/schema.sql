-- A shop as a tutorial would build it: one function places one order of one product, all or nothing. It writes an order, a line, a row of
-- a ledger and an event, and takes the units last, so that the lock of the hot row is short. It has no roles, keys, batches or warehouses.
create schema shop;

create table shop.products (
  sku text primary key,
  price numeric(12, 2) not null,
  units bigint not null,
  sold bigint not null default 0,
  check (sold between 0 and units)
) with (fillfactor = 50);

create table shop.orders (
  id bigint generated always as identity primary key,
  email text not null,
  total numeric(12, 2) not null,
  placed_at timestamptz not null default now()
);

create table shop.lines (
  order_id bigint not null references shop.orders,
  sku text not null references shop.products,
  quantity integer not null check (quantity > 0),
  price numeric(12, 2) not null,
  primary key (order_id, sku)
);

create table shop.ledger (
  id bigint generated always as identity primary key,
  order_id bigint not null,
  sku text not null,
  units integer not null,
  recorded_at timestamptz not null default now()
);

create table shop.events (
  id bigint generated always as identity primary key,
  type text not null,
  data jsonb not null,
  recorded_at timestamptz not null default now()
);

create function shop.place_order(sku text, quantity integer, email text) returns bigint language plpgsql volatile as $$
declare
  v_price numeric;
  v_order bigint;
begin
  select p.price into strict v_price from shop.products p where p.sku = place_order.sku;
  insert into shop.orders (email, total) values (place_order.email, v_price * quantity) returning id into v_order;
  insert into shop.lines (order_id, sku, quantity, price) values (v_order, place_order.sku, place_order.quantity, v_price);
  insert into shop.ledger (order_id, sku, units) values (v_order, place_order.sku, -quantity);
  insert into shop.events (type, data)
  values ('order.placed', jsonb_build_object('order', v_order, 'sku', place_order.sku, 'quantity', quantity));
  update shop.products p set sold = p.sold + quantity where p.sku = place_order.sku and p.units - p.sold >= quantity;
  if not found then
    raise exception 'sold out';
  end if;
  return v_order;
end $$;

insert into shop.products (sku, price, units) values ('SKU-0000', 4.5, 1000000000000);
