"""Values that documents and messages show: their types, with an example each."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from msgspec import Meta

Sku = Annotated[str, Meta(description="The SKU.", examples=["HOTSAUCE-001"])]
SkuName = Annotated[str, Meta(description="What customers call it.", examples=["Fiery Ghost Pepper Sauce"])]
Prose = Annotated[str, Meta(examples=["Extra spicy sauce with the heat of ghost peppers"])]
Milliliters = Annotated[int, Meta(ge=1, examples=[150])]
Flavors = Annotated[list[str], Meta(examples=[["spicy", "smoky", "fruity"]])]
Amount = Annotated[float, Meta(ge=0, description="An amount of money, exact to the cent.", examples=[12.99])]
Currency = Annotated[str, Meta(description="ISO 4217.", pattern="^[A-Z]{3}$", examples=["USD"])]
Attributes = Annotated[dict[str, Any], Meta(description="Whatever else is kept with the SKU.", examples=[{"scoville": 9000}])]
Warehouse = Annotated[str, Meta(description="The warehouse.", examples=["WH-01"])]
Channel = Annotated[str, Meta(description="The sales channel.", examples=["web"])]
Region = Annotated[int, Meta(ge=1, le=32767, examples=[1])]
BatchNumber = Annotated[str, Meta(description="The batch.", examples=["BATCH-202404"])]
ExpirationDate = Annotated[datetime.date, Meta(description="The last day of sale.", examples=["2035-04-30"])]
ManufacturedOn = Annotated[datetime.date, Meta(examples=["2024-04-30"])]
Moment = Annotated[datetime.datetime, Meta(tz=True, description="RFC 3339.", examples=["2024-06-01T13:45:30.000Z"])]
Reason = Annotated[str, Meta(description="The reason code.", examples=["damaged"])]
Note = Annotated[str, Meta(description="Why.", examples=["dropped"])]
Actor = Annotated[str, Meta(description="Who: the subject of the token.", examples=["sales-anna"])]
RequestId = Annotated[
    str, Meta(description="The X-Request-ID of the request that did it.", examples=["7f3f2c1e-8a35-4c58-9a53-0d1f6a2b9c11"])
]
Version = Annotated[int, Meta(ge=0, description="Grows with every change.", examples=[7])]

Units = Annotated[int, Meta(ge=0)]
Delta = Annotated[int, Meta(examples=[0])]


# The parts of a stock. An integration sees what is available (as stock, too), and none of the others.
OnHand = Annotated[Units, Meta(description="Units on hand.", examples=[350])]
Available = Annotated[Units, Meta(description="Units that can be sold now.", examples=[342])]
Reserved = Annotated[Units, Meta(description="Held by reservations.", examples=[5])]
Committed = Annotated[Units, Meta(description="Promised to orders, not yet shipped.", examples=[3])]
Unavailable = Annotated[Units, Meta(description="In batches that cannot be sold.", examples=[0])]
SafetyStock = Annotated[Units, Meta(description="Kept back.", examples=[0])]
Incoming = Annotated[Units, Meta(description="On its way here; not part of stock.", examples=[0])]
