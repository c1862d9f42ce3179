create or replace view bi.dim_warehouse with (security_invoker = true) as
select w.warehouse_id, w.name, w.region_id, r.name as region_name, r.time_zone, w.active as is_active, w.created_at
  from catalog.warehouses w
  join catalog.regions r on r.region_id = w.region_id;

comment on view bi.dim_warehouse is 'One row a warehouse.';
comment on column bi.dim_warehouse.warehouse_id is 'The code of the warehouse.';
comment on column bi.dim_warehouse.name is 'What people call it.';
comment on column bi.dim_warehouse.region_id is 'The region: a group of warehouses that serve orders together.';
comment on column bi.dim_warehouse.region_name is 'What people call the region.';
comment on column bi.dim_warehouse.time_zone is
  'The time zone of the region: when a day of expiry ends. All other days in these views are of UTC.';
comment on column bi.dim_warehouse.is_active is 'False once it is retired.';
comment on column bi.dim_warehouse.created_at is 'When it came into the catalog.';
grant select on bi.dim_warehouse to bi_reader;
