-- Who may name what is in a schema; the rights on each thing in it are given beside the thing.
grant usage on schema app to authenticator, admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant usage on schema catalog, stock, orders, events, audit, identity
  to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant usage on schema api to admin, warehouse, sales, integration, scoville_definer;
grant usage on schema jobs to scoville_worker, scoville_definer;
-- To take over the functions that the owner hands it, the definer must be able to create in their schemas.
grant create on schema api, jobs to scoville_definer;
