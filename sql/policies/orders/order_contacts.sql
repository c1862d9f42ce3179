-- E-mail addresses and phone numbers: for the roles that serve the customer. Warehouse staff have the grant but no policy, so they see no rows.
alter table orders.order_contacts enable row level security;
alter table orders.order_contacts force row level security;

drop policy if exists order_contacts_select_own_region on orders.order_contacts;
create policy order_contacts_select_own_region on orders.order_contacts
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists order_contacts_select_every_channel on orders.order_contacts;
create policy order_contacts_select_every_channel on orders.order_contacts
  for select to admin
  using (true);
drop policy if exists order_contacts_select_own_channels on orders.order_contacts;
create policy order_contacts_select_own_channels on orders.order_contacts
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));

drop policy if exists order_contacts_select_definer on orders.order_contacts;
create policy order_contacts_select_definer on orders.order_contacts
  for select to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists order_contacts_insert_definer on orders.order_contacts;
create policy order_contacts_insert_definer on orders.order_contacts
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists order_contacts_delete_definer on orders.order_contacts;
create policy order_contacts_delete_definer on orders.order_contacts
  for delete to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()));

grant select on orders.order_contacts to admin, warehouse, sales, integration, scoville_definer;
grant insert on orders.order_contacts to scoville_definer;
grant delete on orders.order_contacts to scoville_definer;
