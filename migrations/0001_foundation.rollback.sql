set local lock_timeout = '5s';
drop schema api, app, audit, catalog, events, identity, jobs, orders, stock cascade;
alter default privileges grant execute on functions to public;
