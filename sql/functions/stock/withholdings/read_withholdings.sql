-- Reads requests to withhold units, except p_skip, as drafts that take the units of a lot for a cause: an adjustment of which the units stay.
-- Without a reason, the usual one for the cause is recorded.
create or replace function stock.read_withholdings(
  p_region_id smallint,
  p_requests jsonb,
  p_skip integer[],
  out p_drafts stock.draft[],
  out p_refusals api.result[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_elements jsonb := (
    select jsonb_agg(e.value || jsonb_build_object('delta', -(e.value ->> 'quantity')::bigint,
             'reason_code', coalesce(e.value ->> 'reason_code', case e.value ->> 'cause' when 'damaged' then 'damaged'
                                       when 'other' then 'other' else 'quality_control' end)) order by e.ordinality)
      from jsonb_array_elements(p_requests) with ordinality e);
begin
  select r.p_drafts, r.p_refusals into p_drafts, p_refusals
    from stock.read_drafts(p_region_id => p_region_id, p_elements => coalesce(v_elements, '[]'), p_skip => p_skip, p_reason_code => null,
           p_quantity => 'quantity', p_may_create => false) r;
  p_refusals := p_refusals || array(
    select app.result_of(d.ordinal, case
             when d.element ->> 'cause' is null
               then app.refuse(p_code => 'VA001', p_pointer => '/cause', p_detail => 'Say why the units are set aside: cause is missing.')
             else app.refuse(p_code => 'ST015', p_pointer => '/batch_number', p_detail => 'Withheld units belong to a lot: send batch_number.')
             end)
      from unnest(p_drafts) d
     where d.batch_number is null or d.element ->> 'cause' is null);
  p_drafts := array(
    select stock.new_draft(p_ordinal => d.ordinal, p_sku_id => d.sku_id, p_warehouse_id => d.warehouse_id, p_delta => d.delta,
             p_batch_number => d.batch_number, p_reason_code => d.reason_code, p_note => d.note, p_document => d.document,
             p_actor => d.actor, p_request_id => d.request_id, p_takes => d.takes, p_cause => d.element ->> 'cause',
             p_withholding_id => nextval('stock.withholdings_withholding_id_seq'))
      from unnest(p_drafts) d
     where d.batch_number is not null and d.element ->> 'cause' is not null
     order by d.ordinal);
end
$$;

grant execute on function stock.read_withholdings(smallint, jsonb, integer[]) to scoville_definer;
