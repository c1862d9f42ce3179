"""Types of values in documents and messages, with an example each."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

Sku = Annotated[str, Meta(description="The SKU.", examples=["HOTSAUCE-001"])]
SkuName = Annotated[str, Meta(description="The name that customers see.", examples=["Fiery Ghost Pepper Sauce"])]
PackedUnits = Annotated[int, Meta(ge=1, description="Units of the SKU in it.", examples=[12])]
Gtin = Annotated[str, Meta(description="With 14 digits.", examples=["10360000291455"])]
Prose = Annotated[str, Meta(examples=["Extra spicy sauce with the heat of ghost peppers"])]
Milliliters = Annotated[int, Meta(ge=1, examples=[150])]
Flavors = Annotated[list[str], Meta(examples=[["spicy", "smoky", "fruity"]])]
Amount = Annotated[float, Meta(ge=0, description="An amount of money, with the decimals of its currency.", examples=[12.99])]
Currency = Annotated[str, Meta(description="ISO 4217.", pattern="^[A-Z]{3}$", examples=["USD"])]
Attributes = Annotated[dict[str, Any], Meta(description="Any other data about the SKU.", examples=[{"scoville": 9000}])]
Warehouse = Annotated[str, Meta(description="The warehouse.", examples=["WH-01"])]
Channel = Annotated[str, Meta(description="The sales channel.", examples=["web"])]
TimeZone = Annotated[str, Meta(description="A name of the time zone database, or UTC.", examples=["America/Chicago"])]
Region = Annotated[int, Meta(ge=1, le=32767, examples=[1])]
BatchStatus = Literal["available", "on_hold", "quarantined", "recalled", "damaged", "destroyed", "expired"]
BatchNumber = Annotated[str, Meta(description="The lot.", examples=["BATCH-202404"])]
ExpirationDate = Annotated[datetime.date, Meta(description="The last day of sale.", examples=["2035-04-30"])]
ManufacturedOn = Annotated[datetime.date, Meta(examples=["2024-04-30"])]
Moment = Annotated[datetime.datetime, Meta(tz=True, description="RFC 3339.", examples=["2024-06-01T13:45:30.000Z"])]
Reason = Annotated[str, Meta(description="The reason code.", examples=["damaged"])]
Note = Annotated[str, Meta(description="Why.", examples=["dropped"])]
Actor = Annotated[str, Meta(description="Who did it: the subject of the token.", examples=["sales-anna"])]
RequestId = Annotated[
    str,
    Meta(
        description="The ID of the request: ours, and after a colon the client's X-Request-ID, if it sent one.",
        examples=["7f3f2c1e8a354c589a530d1f6a2b9c11:checkout-4711"],
    ),
]
Version = Annotated[int, Meta(ge=0, description="Increases with every change.", examples=[7])]

Units = Annotated[int, Meta(ge=0)]
Delta = Annotated[int, Meta(examples=[0])]


# The parts of a stock level. An integration sees only the available units (as stock, too).
OnHand = Annotated[Units, Meta(description="Units on hand.", examples=[350])]
Available = Annotated[Units, Meta(description="Units that can be sold now.", examples=[342])]
Reserved = Annotated[Units, Meta(description="Units reserved.", examples=[5])]
Committed = Annotated[Units, Meta(description="Units promised to orders, not yet shipped.", examples=[3])]
Unavailable = Annotated[Units, Meta(description="Units in lots that cannot be sold.", examples=[0])]
SafetyStock = Annotated[Units, Meta(description="Units kept back from sale.", examples=[0])]
Incoming = Annotated[Units, Meta(description="Units on their way here; not part of stock.", examples=[0])]
Shortfall = Annotated[
    Units,
    Meta(description="Units of reserved, committed and safety_stock whose lots cannot be sold any more.", examples=[0]),
]
