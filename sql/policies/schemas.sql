-- Which roles may name the objects of a schema; the rights on each object are granted next to the object.
grant usage on schema app to authenticator, admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant usage on schema catalog, stock, orders, events, audit, identity
  to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant usage on schema analytics to admin, warehouse, sales, scoville_worker, scoville_definer;
grant usage on schema bi to admin, warehouse, sales, scoville_definer, bi_reader;
grant usage on schema supply to admin, warehouse, scoville_worker, scoville_definer;
grant usage on schema webhooks to admin, integration, scoville_definer;
grant usage on schema api to authenticator, admin, warehouse, sales, integration, scoville_definer;
grant usage on schema jobs to scoville_worker, scoville_definer;
-- To become the owner of functions, the definer must be able to create in their schemas.
grant create on schema api, events, jobs to scoville_definer;
