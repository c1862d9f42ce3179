create or replace view bi.dim_sku with (security_invoker = true) as
select s.sku_id, s.name, s.description, s.size_ml, s.price as list_price, s.currency, s.reorder_point, s.active as is_active,
       s.created_at
  from catalog.skus s;

comment on view bi.dim_sku is 'One row a SKU, sold or retired.';
comment on column bi.dim_sku.sku_id is 'The code of the SKU.';
comment on column bi.dim_sku.name is 'What customers call it.';
comment on column bi.dim_sku.description is 'What it is.';
comment on column bi.dim_sku.size_ml is 'Size of the bottle in millilitres; null where it has none.';
comment on column bi.dim_sku.list_price is 'The list price now; null where only channels set one.';
comment on column bi.dim_sku.currency is 'ISO 4217 code of list_price.';
comment on column bi.dim_sku.reorder_point is 'Units available, over all warehouses, at or below which more should be made.';
comment on column bi.dim_sku.is_active is 'False once it is retired.';
comment on column bi.dim_sku.created_at is 'When it came into the catalog.';
grant select on bi.dim_sku to bi_reader;
