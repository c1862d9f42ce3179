create or replace view bi.dim_channel with (security_invoker = true, security_barrier = true) as
select c.channel_id, c.name, c.region_id, c.kind, c.pricing, c.active as is_active, c.created_at
  from catalog.channels c;

comment on view bi.dim_channel is 'One row per sales channel.';
comment on column bi.dim_channel.channel_id is 'The code of the channel.';
comment on column bi.dim_channel.name is 'The display name.';
comment on column bi.dim_channel.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.dim_channel.kind is 'web, pos (tills), marketplace or wholesale.';
comment on column bi.dim_channel.pricing is 'list: sells at the list price; channel: sets its own.';
comment on column bi.dim_channel.is_active is 'False once retired.';
comment on column bi.dim_channel.created_at is 'When it was added to the catalog.';
grant select on bi.dim_channel to bi_reader;
