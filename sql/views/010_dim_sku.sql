create or replace view bi.dim_sku with (security_invoker = true, security_barrier = true) as
select s.sku_id, s.name, s.description, s.size_ml, s.price::numeric(14, 4) as list_price, s.currency, s.reorder_point, s.active as is_active,
       s.created_at
  from catalog.skus s;

comment on view bi.dim_sku is 'One row per SKU, sold or retired.';
comment on column bi.dim_sku.sku_id is 'The code of the SKU.';
comment on column bi.dim_sku.name is 'The name of the product.';
comment on column bi.dim_sku.description is 'Its description.';
comment on column bi.dim_sku.size_ml is 'Size of the bottle in milliliters; null where it has none.';
comment on column bi.dim_sku.list_price is 'The current list price; null where only channels set one.';
comment on column bi.dim_sku.currency is 'ISO 4217 code of list_price.';
comment on column bi.dim_sku.reorder_point is 'When the available units of all warehouses fall to this number, more should be made.';
comment on column bi.dim_sku.is_active is 'False once retired.';
comment on column bi.dim_sku.created_at is 'When it was added to the catalog.';
grant select on bi.dim_sku to bi_reader;
