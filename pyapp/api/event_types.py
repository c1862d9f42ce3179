"""Events as streams, lists and webhooks carry them: CloudEvents 1.0 with complete data, so that no further request is needed."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pyapp.api import catalog, orders
from pyapp.api.orders import Allocation, Backorder, Fulfillment, Line, Order
from pyapp.api.purchases import DueOn, PurchaseId, PurchaseReceipt, PurchaseStatus, SupplierCode, SupplierReference
from pyapp.api.reservations import Reservation
from pyapp.api.returns import ReturnState
from pyapp.api.transfers import ExpectedOn, ReferenceText, TransferId, TransferStatus
from pyapp.http.fields import Answer
from pyapp.values import (
    Actor,
    Amount,
    Available,
    BatchNumber,
    BatchStatus,
    Channel,
    Committed,
    Delta,
    ExpirationDate,
    Incoming,
    ManufacturedOn,
    Moment,
    Note,
    OnHand,
    Reason,
    RequestId,
    Reserved,
    SafetyStock,
    Shortfall,
    Sku,
    Unavailable,
    Units,
    Version,
    Warehouse,
)

Position = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-z]{1,32}:[0-9]{1,18}$(?!\n)",
        description="A position in the event log: epoch and seq.",
        examples=["4f1c9a2e77b0:1042"],
    ),
]
Uri = Annotated[str, Meta(examples=["/scoville/regions/1"])]


class Event(Answer, kw_only=True):
    """A CloudEvent. `version` counts the changes of its subject: of two events with the same subject, the higher one is later."""

    specversion: Literal["1.0"]
    id: Annotated[Position, Meta(description="The permanent name of the event.")]
    source: Uri
    type: Annotated[str, Meta(examples=["stock.adjusted"])]
    subject: Annotated[str, Meta(description="The thing that changed.", examples=["stock/WH-01/HOTSAUCE-001"])]
    time: Annotated[Moment, Meta(description="When it happened.")]
    datacontenttype: Literal["application/json"]
    seq: Annotated[int, Meta(ge=1, description="Its number in the log; numbers have no gaps.", examples=[1042])]
    version: Version
    actor: Actor
    requestid: RequestId | None
    region: Annotated[int, Meta(ge=0, description="0: the catalog, which all regions share.", examples=[1])]
    data: Annotated[dict[str, Any], Meta(description="Depends on type: see the message of that name.")]


class Counters(Answer):
    """The parts of a level."""

    stock: OnHand
    available: Available
    reserved: Reserved
    committed: Committed
    unavailable: Unavailable
    safety_stock: SafetyStock
    incoming: Incoming
    shortfall: Shortfall


class LevelState(Counters):
    """A level with its SKU, warehouse, version and time."""

    sku_id: Sku
    warehouse_location: Warehouse
    version: Version
    updated_at: Moment


class MovedLot(Answer):
    """Units that came to a lot, or (negative) left it."""

    batch_number: BatchNumber
    delta: Annotated[Delta, Meta(examples=[-1])]
    withheld: Annotated[int, Meta(description="Units that are set aside, or (negative) no more.", examples=[1])] | UnsetType = (
        UNSET
    )
    withholding_id: (
        Annotated[str, Meta(description="The withholding that they belong to.", examples=["WD-1-1001"])] | UnsetType
    ) = UNSET


class StockChanged(Answer, kw_only=True):
    """A level before and after. One posting makes one event per kind of change, all with the same states."""

    sku_id: Sku
    warehouse_location: Warehouse
    version: Version
    old: Counters
    new: LevelState
    reason_codes: list[Reason]
    documents: Annotated[
        list[str], Meta(description="Orders, reservations and receipts that caused it.", examples=[["ORD-1-1001"]])
    ]
    actors: list[Actor]
    batches: Annotated[list[MovedLot], Meta(description="The lots that units came to or left, if any.")] | UnsetType = UNSET


class MovedUnits(Answer):
    """Units of a lot of a transfer, and what became of them in this change."""

    sku_id: Sku
    batch_number: BatchNumber
    withheld: Annotated[bool, Meta(description="They were withheld at the source.", examples=[False])]
    shipped: Annotated[Units, Meta(description="They left the source.", examples=[10])] | UnsetType = UNSET
    received: Annotated[Units, Meta(description="They arrived in good condition.", examples=[8])] | UnsetType = UNSET
    damaged: Annotated[Units, Meta(description="They arrived damaged.", examples=[1])] | UnsetType = UNSET
    lost: Annotated[Units, Meta(description="They will not arrive.", examples=[1])] | UnsetType = UNSET
    taken_back: Annotated[Units, Meta(description="They are back at the source.", examples=[1])] | UnsetType = UNSET


class TransferChanged(Answer):
    """A transfer, and the units that the change was about."""

    transfer_id: TransferId
    from_warehouse_location: Warehouse
    to_warehouse_location: Warehouse
    status: TransferStatus
    reference: ReferenceText | None
    expected_on: ExpectedOn | None
    items: list[MovedUnits]
    reason_code: Annotated[str | None, Meta(description="Why units are lost.", examples=["shrinkage"])]
    note: Note | None
    version: Version
    updated_at: Moment


class TransferBefore(Answer):
    """What may change of a transfer in transit, before the change."""

    expected_on: ExpectedOn | None
    reference: ReferenceText | None
    note: Note | None


class TransferModified(TransferChanged, kw_only=True):
    """A transfer in transit in its current state, and before the change."""

    old: TransferBefore


class PurchaseTerm(Answer):
    """A line of a purchase, as it was ordered."""

    sku_id: Sku
    quantity: Annotated[int, Meta(ge=0, examples=[100])]
    expected_on: DueOn | None


class PurchaseState(Answer):
    """A purchase without its lines."""

    purchase_id: PurchaseId
    supplier_id: SupplierCode
    warehouse_location: Warehouse
    status: PurchaseStatus
    expected_on: DueOn | None
    supplier_reference: SupplierReference | None
    note: Note | None
    version: Version
    updated_at: Moment


class PurchaseChanged(PurchaseState, kw_only=True):
    """A purchase with its lines."""

    items: list[PurchaseTerm]


class PurchaseBefore(Answer):
    """What may change of a purchase, before the change."""

    expected_on: DueOn | None
    supplier_reference: SupplierReference | None
    note: Note | None
    items: list[PurchaseTerm]


class PurchaseModified(PurchaseChanged, kw_only=True):
    """A purchase in its current state, and before the change."""

    old: PurchaseBefore


class PurchaseReceived(PurchaseState, kw_only=True):
    """A purchase after a delivery, and the delivery."""

    receipt: PurchaseReceipt


class PurchaseClosed(PurchaseChanged, kw_only=True):
    """A purchase of which nothing more comes, and why."""

    reason: Annotated[str, Meta(examples=["The supplier is out of peppers."])]


class State(Answer):
    state: Annotated[Literal["in_stock", "low", "out_of_stock"], Meta(examples=["low"])]


class SkuState(Answer):
    """A SKU over all warehouses that serve a channel, before and after."""

    sku_id: Sku
    version: Version
    available: Available
    reorder_point: Annotated[Units, Meta(examples=[20])]
    old: State
    new: State


class ChannelState(SkuState):
    """A SKU in one channel, before and after: what the warehouses that serve the channel have to sell."""

    channel: Channel


class WarehouseState(SkuState):
    """A SKU in a warehouse that has a reorder point of its own for it, before and after."""

    warehouse_location: Warehouse


class Buyer(Answer):
    """The customer; events contain neither e-mail address nor phone number."""

    name: Annotated[str | None, Meta(examples=["Jane Doe"])]
    address: Annotated[str | None, Meta(examples=["123 Hot St, Spicetown, USA"])]


ErasedFlag = Annotated[
    Literal[True],
    Meta(description="The customer was erased since: customer, notes and tracking numbers are null; the rest is as it was."),
]


class OrderChanged(Order):
    """The order in its current state."""

    customer: Buyer  # type: ignore[assignment]
    erased: ErasedFlag | UnsetType = UNSET


class OrderBefore(Answer):
    """The modifiable members of an order, before the change."""

    status: orders.Status
    items: list[Line]
    allocations: list[Allocation]
    backorders: list[Backorder]
    fulfillments: list[Fulfillment]
    total_price: Amount
    customer: Buyer
    note: Note | None
    version: Version


class OrderModified(OrderChanged, kw_only=True):
    """The order in its current state, its modified members before the change, and the reason that the request gave."""

    old: OrderBefore
    reason: Annotated[str | None, Meta(examples=["The customer called."])]


class FormerPromise(Answer):
    """The former day of units that wait."""

    sku_id: Sku
    promised_on: Annotated[datetime.date | None, Meta(examples=["2034-06-01"])]


class PromisesBefore(Answer):
    """The former days of the units whose day changed."""

    backorders: list[FormerPromise]


class PromiseChanged(OrderChanged, kw_only=True):
    """The order in its current state, and the former days on which units were expected."""

    old: PromisesBefore


class OrderState(Answer):
    """The state of an order."""

    status: Annotated[orders.Status, Meta(examples=["processing"])]
    fulfillment_status: orders.FulfillmentStatus
    version: Version


class OrderMoved(OrderChanged, kw_only=True):
    """The order in its current state, and its previous state."""

    old: OrderState


class ParcelBefore(OrderState):
    """The state of an order and its parcels, before one of them was undone."""

    fulfillments: list[Fulfillment]


class ParcelCanceled(OrderChanged, kw_only=True):
    """The order in its current state, with the undone parcel (canceled_at), and its previous state."""

    old: ParcelBefore


class OrderStateBeforeCancel(OrderState):
    """The state of an order, what the customer owed, and until when its units were kept unpaid."""

    total_price: Amount
    unpaid_until: Moment | None


class OrderStatus(Answer):
    """The status of an order."""

    status: Annotated[orders.Status, Meta(examples=["pending"])]
    unpaid_until: Moment | None
    version: Version


class OrderStatusChanged(OrderChanged, kw_only=True):
    """The order in its current state, and its previous status. status_change says who changed it and why."""

    old: OrderStatus


class OrderCanceled(OrderChanged, kw_only=True):
    """The order in its current state (canceled, or completed if something was shipped), and its previous state."""

    old: OrderStateBeforeCancel


class ReservationChanged(Reservation):
    """The reservation in its current state."""

    erased: ErasedFlag | UnsetType = UNSET


class ReturnChanged(ReturnState, kw_only=True):
    """The return in its current state."""

    erased: ErasedFlag | UnsetType = UNSET


class ErasedOrder(Answer):
    """An order that lost its customer, with its version since."""

    order_id: Annotated[str, Meta(examples=["ORD-1-1001"])]
    version: Version


class CustomerErased(Answer):
    """A person was forgotten: delete the customer of these orders, too. A large erasure makes several events."""

    erasure_id: Annotated[str, Meta(examples=["ERS-1-1001"])]
    channel: Channel
    orders: Annotated[list[ErasedOrder], Meta(description="At most 250.")]
    version: Version


class Status(Answer):
    status: BatchStatus


class LotState(Answer, kw_only=True):
    """The lot in its current state, and the reason of the change."""

    sku_id: Sku
    batch_number: BatchNumber
    status: BatchStatus
    expiration_date: ExpirationDate | None
    manufactured_on: ManufacturedOn | None
    version: Version
    created_at: Moment
    updated_at: Moment
    reason_code: Reason
    note: Note | None


class LotStatusChanged(LotState, kw_only=True):
    """The lot in its current state, and its previous status. Separate events report the effect on units in each warehouse."""

    old: Status
    new: Status


class LotDates(Answer):
    expiration_date: ExpirationDate | None
    manufactured_on: ManufacturedOn | None


class LotChanged(LotState, kw_only=True):
    """The lot in its current state, and its previous dates. Separate events report the effect on units in each warehouse."""

    old: LotDates
    new: LotDates


class LotExpiring(Answer):
    """A lot in a warehouse that will expire soon."""

    sku_id: Sku
    warehouse_location: Warehouse
    batch_number: BatchNumber
    expiration_date: ExpirationDate
    days_left: Annotated[int, Meta(ge=0, examples=[14])]
    batch_stock: Units
    version: Version


class SkuChanged(Answer):
    """A SKU of the catalog before (null: it is new) and after."""

    sku_id: Sku
    version: Version
    old: catalog.Sku | None
    new: catalog.Sku


class ChannelChanged(Answer):
    """A channel before (null: it is new) and after."""

    channel_id: Channel
    version: Version
    old: catalog.Channel | None
    new: catalog.Channel


class WarehouseChanged(Answer):
    """A warehouse before (null: it is new) and after."""

    warehouse_id: Warehouse
    version: Version
    old: catalog.Warehouse | None
    new: catalog.Warehouse


class WebhookState(Answer):
    status: Literal["active", "disabled"]


class WebhookDisabled(Answer):
    """A webhook that was disabled after failures."""

    webhook_id: Annotated[str, Meta(examples=["WHK-1-1001"])]
    url: Annotated[str, Meta(examples=["https://crm.example/hooks/scoville"])]
    owner: Annotated[str, Meta(examples=["crm"])]
    reason: Annotated[str, Meta(examples=["gone"])]
    old: WebhookState
    new: WebhookState


class WebhookTest(Answer):
    """A requested test."""

    webhook_id: Annotated[str, Meta(examples=["WHK-1-1001"])]
    url: Annotated[str, Meta(examples=["https://crm.example/hooks/scoville"])]
    note: str


class Found(Answer):
    found: Annotated[int, Meta(ge=0, description="Before this event.", examples=[0])]


class CountRequested(Answer):
    """A level that staff should count."""

    sku_id: Sku
    warehouse_location: Warehouse
    requested_at: Annotated[
        Moment, Meta(description="Since when: later requests are added to the first, until the level is counted.")
    ]
    found: Annotated[int, Meta(ge=1, description="Units booked as found since then.", examples=[1])]
    order_id: Annotated[str, Meta(description="The latest order that sold more than the count said.", examples=["ORD-1-1001"])]
    version: Annotated[int, Meta(ge=1, description="Of the level.", examples=[7])]
    old: Found


class RecalledLot(Answer):
    sku_id: Sku
    batch_number: BatchNumber


class RecallChanged(Answer, kw_only=True):
    """A recall. GET /v1/recalls/{recall_id} says who has units of it."""

    recall_id: Annotated[str, Meta(examples=["RCL-1-1001"])]
    status: Literal["open", "closed"]
    reason_code: Reason
    note: Note | UnsetType = UNSET
    person: Annotated[str, Meta(examples=["Ada Quality"])]
    accounted_percent: Annotated[float, Meta(examples=[100.0])] | UnsetType = UNSET
    recovered_percent: Annotated[float, Meta(examples=[50.0])] | UnsetType = UNSET
    lots: list[RecalledLot]
    version: Version


class CountStatus(Answer):
    """A count before the change."""

    status: Annotated[str | None, Meta(description="Null: the count is new.", examples=["counting"])]


class CountChanged(Answer, kw_only=True):
    """A count. It never says what is expected or counted; after an approval the events of the levels do (documents names it)."""

    count_id: Annotated[str, Meta(examples=["CNT-1-1001"])]
    warehouse_location: Warehouse
    scope: Annotated[str, Meta(examples=["all"])]
    status: Annotated[str, Meta(examples=["review"])]
    blind: bool
    lines: Annotated[Units, Meta(description="Lots of the count.", examples=[12])]
    lines_counted: Annotated[Units, Meta(description="Of these: counted.", examples=[12])]
    version: Version
    old: CountStatus


class CountApproved(CountChanged, kw_only=True):
    """A count of which differences were posted."""

    corrected: Annotated[Units, Meta(description="Lots with a difference.", examples=[2])]
    added: Annotated[Units, Meta(description="Units added to them in all.", examples=[1])]
    removed: Annotated[Units, Meta(description="Units taken away from them in all.", examples=[4])]


# The shape of the data of each type (pyapp/eventlog/types.py); tests compare with real events.
DATA: dict[str, type[Struct]] = {
    "stock.received": StockChanged,
    "stock.adjusted": StockChanged,
    "stock.reserved": StockChanged,
    "stock.released": StockChanged,
    "stock.committed": StockChanged,
    "stock.fulfilled": StockChanged,
    "stock.withheld": StockChanged,
    "stock.disposed": StockChanged,
    "transfer.shipped": TransferChanged,
    "transfer.changed": TransferModified,
    "transfer.received": TransferChanged,
    "transfer.closed": TransferChanged,
    "purchase.ordered": PurchaseChanged,
    "purchase.changed": PurchaseModified,
    "purchase.received": PurchaseReceived,
    "purchase.closed": PurchaseClosed,
    "stock.count_requested": CountRequested,
    "count.opened": CountChanged,
    "count.entered": CountChanged,
    "count.approved": CountApproved,
    "count.canceled": CountChanged,
    "stock.low": SkuState,
    "stock.out": SkuState,
    "stock.back_in": SkuState,
    "channel.stock.low": ChannelState,
    "channel.stock.out": ChannelState,
    "channel.stock.back_in": ChannelState,
    "warehouse.stock.low": WarehouseState,
    "warehouse.stock.out": WarehouseState,
    "warehouse.stock.back_in": WarehouseState,
    "reservation.created": ReservationChanged,
    "reservation.extended": ReservationChanged,
    "reservation.released": ReservationChanged,
    "reservation.expired": ReservationChanged,
    "reservation.committed": ReservationChanged,
    "order.placed": OrderChanged,
    "order.recorded": OrderChanged,
    "order.backordered": OrderChanged,
    "order.reallocated": OrderChanged,
    "order.supplied": OrderChanged,
    "order.at_risk": OrderChanged,
    "order.promise_changed": PromiseChanged,
    "order.modified": OrderModified,
    "order.confirmed": OrderStatusChanged,
    "order.held": OrderStatusChanged,
    "order.released": OrderStatusChanged,
    "order.canceled": OrderCanceled,
    "order.fulfilled": OrderMoved,
    "fulfillment.canceled": ParcelCanceled,
    "return.requested": ReturnChanged,
    "return.approved": ReturnChanged,
    "return.refused": ReturnChanged,
    "return.received": ReturnChanged,
    "return.closed": ReturnChanged,
    "customer.erased": CustomerErased,
    "lot.status_changed": LotStatusChanged,
    "lot.changed": LotChanged,
    "lot.expiring": LotExpiring,
    "recall.opened": RecallChanged,
    "recall.closed": RecallChanged,
    "sku.changed": SkuChanged,
    "channel.changed": ChannelChanged,
    "warehouse.changed": WarehouseChanged,
    "sku.price_zero": SkuChanged,
    "webhook.disabled": WebhookDisabled,
    "webhook.test": WebhookTest,
}
