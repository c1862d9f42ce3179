create or replace view bi.count_accuracy with (security_invoker = true, security_barrier = true) as
select l.region_id, timezone(z.time_zone, e.counted_at)::date as counted_on, l.warehouse_id, c.scope, count(*) as lines_counted,
       count(*) filter (where e.counted = e.on_hand_at_mark) as lines_agreed, sum(e.on_hand_at_mark)::bigint as units_expected,
       sum(greatest(0, e.counted - e.on_hand_at_mark))::bigint as units_over,
       sum(greatest(0, e.on_hand_at_mark - e.counted))::bigint as units_under
  from stock.count_lines l
  join stock.counts c on c.region_id = l.region_id and c.count_id = l.count_id
  join stock.count_entries e on e.region_id = l.region_id and e.entry_id = l.entry_id
  join catalog.zones() z on z.warehouse_id = l.warehouse_id
 where l.status = 'approved'
 group by 1, 2, 3, 4;

comment on view bi.count_accuracy is
  'One row per warehouse, day and scope of counts: how well what was counted agreed with the ledger. Live; a line is in it once its count is '
  'approved. Two counts of a lot are two looks, and both are here; what was corrected, once, is in shrinkage.';
comment on column bi.count_accuracy.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.count_accuracy.counted_on is 'The day on which the lots were counted, in the time zone of the warehouse; joins dim_date.';
comment on column bi.count_accuracy.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.count_accuracy.scope is
  'Why they were counted: all, skus (named ones), never_counted, expiring or requested (a till sold more than there was).';
comment on column bi.count_accuracy.lines_counted is 'Lots that were counted. The accuracy of several rows is sum(lines_agreed) / sum(lines_counted).';
comment on column bi.count_accuracy.lines_agreed is 'Of these: lots of which as many units were counted as the ledger said at that moment.';
comment on column bi.count_accuracy.units_expected is 'Units of these lots that the ledger said.';
comment on column bi.count_accuracy.units_over is 'Units that were counted and not expected.';
comment on column bi.count_accuracy.units_under is 'Units that were expected and not counted.';
grant select on bi.count_accuracy to bi_reader;
