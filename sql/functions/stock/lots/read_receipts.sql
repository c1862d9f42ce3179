-- Reads receipts and creates the missing warehouses, SKUs and lots that an admin's receipt names. Refuses receipts that contradict
-- existing rows or would exceed the limit of a level. Locks no stock.
create or replace function stock.read_receipts(
  p_region_id smallint,
  p_receipts jsonb,
  p_skip integer[],
  out p_drafts stock.draft[],
  out p_refusals api.result[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_unpacked record;
begin
  select u.p_unpacked as elements, u.p_refusals as refusals into v_unpacked
    from catalog.unpack_elements(p_elements => p_receipts, p_quantity => 'stock', p_skip => p_skip) u;
  select d.p_drafts, d.p_refusals || v_unpacked.refusals into p_drafts, p_refusals
    from stock.read_drafts(p_region_id => p_region_id, p_elements => v_unpacked.elements,
           p_skip => p_skip || array(select r.ordinal from unnest(v_unpacked.refusals) r), p_reason_code => 'received', p_quantity => 'stock', p_may_create => app.claim_role() = 'admin') d;
  p_drafts := stock.name_lots(p_region_id, p_drafts);
  p_refusals := p_refusals || catalog.refuse_near_codes(p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
  p_refusals := p_refusals || stock.refuse_receipts(p_region_id, p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
  p_refusals := p_refusals || catalog.refuse_unnamed(p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
  -- Compared with existing rows first: rows created for a receipt stay, so none may be created for a refused receipt.
  p_refusals := p_refusals || catalog.refuse_conflicts(p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
  p_refusals := p_refusals || stock.refuse_other_dates(p_region_id, p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
  perform catalog.create_skus(p_drafts);
  p_refusals := p_refusals || catalog.refuse_near_codes(p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
  p_refusals := p_refusals || catalog.refuse_conflicts(p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
  perform stock.create_lots(p_region_id, p_drafts);
  p_drafts := stock.name_lots(p_region_id, p_drafts);
  p_refusals := p_refusals || stock.refuse_other_dates(p_region_id, p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
  perform catalog.create_warehouses(p_region_id, p_drafts);
  -- Another session may just have created the same code in another case.
  p_refusals := p_refusals || catalog.refuse_near_codes(p_drafts);
  p_drafts := stock.drop_refused(p_drafts, p_refusals);
end
$$;

grant execute on function stock.read_receipts(smallint, jsonb, integer[]) to scoville_definer;
