-- The entries of a request, each with its lot, as JSON: {pointer, sku_id, batch_number, lot_id, counted, counted_at, confirm, note,
-- expiration_date, meta}. Or the refusal of the request, which names every fault: whoever counted can correct all of them at once.
-- A lot that nobody knows is created if the entry says when it expires (lot_id is null until then); otherwise the number may be misread.
create or replace function stock.read_entries(
  p_region_id smallint,
  p_request jsonb,
  out p_entries jsonb,
  out p_refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_age_max constant interval := interval '7 days';
  v_now timestamptz := app.now();
  v_read record;
begin
  if coalesce(jsonb_array_length(nullif(p_request -> 'entries', 'null')), 0) = 0 then
    p_refusal := app.refuse(p_code => 'VA001', p_pointer => '/entries', p_detail => 'Say what was counted: entries is missing.');
    return;
  end if;
  with entries as (
    select '/entries/' || e.ordinality - 1 as pointer, e.ordinality, e.value as entry, e.value ->> 'sku_id' as sku_id,
           app.clean(e.value ->> 'batch_number') as number, app.code_key(e.value ->> 'batch_number') as key,
           (e.value ->> 'counted')::bigint as counted, (e.value ->> 'counted_at')::timestamptz as counted_at
      from jsonb_array_elements(p_request -> 'entries') with ordinality e
  ), named as (
    select e.*, k.sku_id is not null as is_sku, coalesce(k.components, '[]') <> '[]' as is_bundle, t.lot_id, t.expiration_date,
           coalesce(t.batch_number, e.number) as batch_number,
           row_number() over (partition by e.sku_id, e.key order by e.ordinality) as nth
      from entries e
      left join catalog.skus k on k.sku_id = e.sku_id
      left join stock.lots t on t.region_id = p_region_id and t.sku_id = e.sku_id and t.batch_key = e.key
  ), judged as (
    select n.*, f.code, n.pointer || f.member as at, f.detail
      from named n
      left join lateral (
        select x.*
          from (values
            ('ST002', '/sku_id', not n.is_sku, format('SKU %s does not exist.%s', n.sku_id,
              case when not n.is_sku then catalog.suggest_sku(n.sku_id, jsonb_array_length(p_request -> 'entries')) end)),
            ('KT003', '/sku_id', n.is_bundle, format('SKU %s is a bundle and has no stock of its own. Count its components.', n.sku_id)),
            ('VA001', '/batch_number', coalesce(n.number, '') = '', 'Name the lot that was counted: batch_number is missing.'),
            ('VA001', '/batch_number', app.hidden_character(n.number) is not null,
              'The number of the lot contains a character that nobody sees, so it would look like another lot. Type the number.'),
            ('VA001', '/counted', coalesce(n.counted not between 0 and 1000000000, true),
              'counted must be a number of units from 0 to 1,000,000,000.'),
            ('VA001', '/counted_at', n.counted_at > v_now + interval '5 minutes', 'counted_at is in the future.'),
            ('VA001', '/counted_at', n.counted_at < v_now - c_age_max, 'counted_at is older than 7 days. Count again.'),
            ('VA001', '/batch_number', n.nth > 1,
              format('Lot %s of %s is counted twice in this list. Send one entry with the sum.', n.batch_number, n.sku_id)),
            ('ST007', '/batch_number', n.lot_id is null and n.entry ->> 'expiration_date' is null, format(
              '%s has no lot %s. Correct the number, or name its expiration_date too: then the lot is created.', n.sku_id, n.number)),
            ('VA001', '/counted', n.lot_id is null and n.counted = 0, format(
              'Lot %s of %s does not exist, and a count of nothing does not create it.', n.number, n.sku_id)),
            ('ST011', '/expiration_date', (n.entry ->> 'expiration_date')::date is distinct from n.expiration_date
              and n.lot_id is not null and n.entry ->> 'expiration_date' is not null,
              format('Lot %s of %s has another expiration_date. An admin can correct the lot.', n.batch_number, n.sku_id)))
            as x (code, member, is_fault, detail)
         where x.is_fault
         limit 1) f on true
  )
  select case when max(j.code) is null then jsonb_agg(j.entry || jsonb_build_object('pointer', j.pointer, 'lot_id', j.lot_id,
           'batch_number', j.batch_number, 'meta', p_request -> 'meta') order by j.ordinality) end as entries,
         app.refuse_lines(p_code => (array_agg(j.code order by j.ordinality) filter (where j.code is not null))[1],
           p_detail => (array_agg(j.detail order by j.ordinality) filter (where j.code is not null))[1],
           p_errors => jsonb_agg(jsonb_build_object('pointer', j.at, 'detail', j.detail) order by j.ordinality)
             filter (where j.code is not null)) as refusal
    into v_read
    from judged j;
  p_entries := v_read.entries;
  if (v_read.refusal).code is not null then
    p_refusal := v_read.refusal;
  end if;
end
$$;

grant execute on function stock.read_entries(smallint, jsonb) to scoville_definer;
