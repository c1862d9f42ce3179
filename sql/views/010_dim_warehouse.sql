create or replace view bi.dim_warehouse with (security_invoker = true, security_barrier = true) as
select w.warehouse_id, w.name, w.region_id, r.name as region_name, coalesce(w.time_zone, r.time_zone) as time_zone, w.active as is_active, w.created_at
  from catalog.warehouses w
  join catalog.regions r on r.region_id = w.region_id;

comment on view bi.dim_warehouse is 'One row per warehouse.';
comment on column bi.dim_warehouse.warehouse_id is 'The code of the warehouse.';
comment on column bi.dim_warehouse.name is 'The display name.';
comment on column bi.dim_warehouse.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.dim_warehouse.region_name is 'The name of the region.';
comment on column bi.dim_warehouse.time_zone is
  'Its time zone, or that of its region: when a day of its stock begins, and when a day of expiry ends. Days of orders are those of '
  'the region.';
comment on column bi.dim_warehouse.is_active is 'False once retired.';
comment on column bi.dim_warehouse.created_at is 'When it was added to the catalog.';
grant select on bi.dim_warehouse to bi_reader;
