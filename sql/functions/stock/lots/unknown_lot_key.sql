-- The key of the lot of units whose number nobody can read. It is quarantined for good.
create or replace function stock.unknown_lot_key()
  returns text
  language sql
  immutable
  parallel safe
  return app.code_key('UNKNOWN');

grant execute on function stock.unknown_lot_key() to scoville_definer;
