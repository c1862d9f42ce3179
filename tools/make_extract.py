"""Makes skus.csv and orders.csv from the grocer's two files: python tools/make_extract.py FOLDER

Both files are in the repository; this script documents their origin. Product IDs, sizes, prices, baskets,
quantities and amounts paid are real. Names, descriptions, flavors and the channel of each basket are
invented, because the source has none.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

DEMO = Path(__file__).resolve().parents[1] / "pyapp" / "demo"
ML_PER_OUNCE = Decimal("29.5735")
CENT = Decimal("0.01")
MONTH = "2017-09"  # the month with the most lines of hot sauce
TYPES = {"HOT SAUCE": 101, "CHILI SAUCE COCKTAIL SAUCE": 201}  # first number of each

SAMPLES = [
    [
        "HOTSAUCE-001",
        "Fiery Ghost Pepper Sauce",
        "Extra spicy sauce with the heat of ghost peppers",
        "150",
        "spicy|smoky|fruity",
        "12.99",
        "40",
    ],
    [
        "HOTSAUCE-002",
        "Smoked Habanero Reserve",
        "Habaneros smoked over cherry wood, aged for a year in oak",
        "150",
        "smoky|fruity|oaky",
        "10.99",
        "40",
    ],
]

HEATS = ["Mild", "Medium", "Hot", "Extra hot"]
# name, flavors; one per product, in the order of the product IDs
HOT = [
    ("Cayenne Classic", "cayenne|vinegar|salty"),
    ("Garlic Cayenne", "cayenne|garlic|vinegar"),
    ("Louisiana Fire", "cayenne|vinegar|peppery"),
    ("Louisiana Fire Family Bottle", "cayenne|vinegar|peppery"),
    ("Chipotle Campfire", "chipotle|smoky|sweet"),
    ("Green Jalapeño Verde", "jalapeño|green|lime"),
    ("Sriracha Sunrise", "chili|garlic|sweet"),
    ("Scotch Bonnet Carnival", "scotch bonnet|fruity|mustard"),
    ("Cellar Reserve Red", "red pepper|oaky|vinegar"),
    ("Corner Shop Red", "cayenne|salty|vinegar"),
    ("Yucatán Habanero", "habanero|citrus|carrot"),
    ("Barrel Aged Red", "red pepper|oaky|tangy"),
    ("Mango Habanero", "habanero|mango|sweet"),
    ("Pocket Red", "red pepper|vinegar|sharp"),
    ("Barrel Aged Chipotle", "chipotle|oaky|smoky"),
    ("Bayou Pepper", "cayenne|celery|vinegar"),
    ("Prairie Red", "cayenne|tangy|salty"),
    ("Cantina Red", "arbol|cumin|tangy"),
    ("Piri Piri Lisbon", "piri piri|lemon|garlic"),
    ("Barrel Aged Jalapeño", "jalapeño|green|tangy"),
    ("Pocket Jalapeño", "jalapeño|green|sharp"),
    ("Buffalo Wing Original", "cayenne|buttery|tangy"),
    ("Arbol Thunder", "arbol|nutty|smoky"),
    ("Barrel Aged Garlic", "garlic|oaky|tangy"),
    ("Kitchen Cayenne", "cayenne|salty|round"),
    ("Household Red", "cayenne|vinegar|salty"),
    ("Corner Shop Green", "jalapeño|green|vinegar"),
    ("Kitchen Wing Sauce", "cayenne|buttery|salty"),
    ("Cayenne Classic Large", "cayenne|vinegar|salty"),
    ("Bayou Green", "jalapeño|celery|vinegar"),
    ("Cayenne Classic Party Bottle", "cayenne|vinegar|salty"),
    ("Sriracha Midnight", "chili|black garlic|sweet"),
    ("Buffalo Wing Hot", "cayenne|buttery|fiery"),
    ("Chipotle Honey", "chipotle|honey|smoky"),
    ("Sriracha Lime", "chili|lime|sweet"),
    ("Buffalo Wing Garlic", "cayenne|garlic|buttery"),
    ("Pocket Habanero", "habanero|fruity|sharp"),
    ("Cayenne Lime", "cayenne|lime|vinegar"),
    ("Sweet Heat", "red pepper|sweet|tangy"),
    ("Buffalo Wing Honey", "cayenne|honey|buttery"),
    ("Adobo Chipotle", "chipotle|adobo|smoky"),
    ("Pasilla Mole", "pasilla|cocoa|smoky"),
    ("Reaper's Whisper", "carolina reaper|fruity|earthy"),
    ("Ghost Orchard", "ghost pepper|apple|smoky"),
    ("Datil Coast", "datil|sweet|tangy"),
]
CHILI = [
    ("Harbour Cocktail", "tomato|horseradish|lemon"),
    ("Harbour Cocktail Hot", "tomato|horseradish|cayenne"),
    ("Homestead Chili", "tomato|onion|sweet"),
    ("Homestead Chili Large", "tomato|onion|sweet"),
    ("Oyster Bar Cocktail", "tomato|horseradish|celery"),
    ("Kitchen Chili", "tomato|vinegar|round"),
    ("Kitchen Cocktail", "tomato|horseradish|round"),
    ("Pier Cocktail", "tomato|lemon|peppery"),
    ("Sweet Thai Chili", "chili|sweet|garlic"),
    ("Pineapple Chili", "chili|pineapple|sweet"),
    ("Ancho Chili", "ancho|tomato|smoky"),
    ("Guajillo Chili", "guajillo|tomato|earthy"),
    ("Boardwalk Cocktail", "tomato|horseradish|dill"),
    ("Chili Crisp Table Sauce", "chili|sesame|crunchy"),
    ("Lighthouse Cocktail", "tomato|horseradish|garlic"),
]


def main(folder: Path) -> None:
    with (folder / "sauce_products.csv").open(newline="") as file:
        products = [row for row in csv.DictReader(file) if row["product_type"] in TYPES]
    with gzip.open(folder / "sauce_order_lines.csv.gz", "rt", newline="") as file:
        lines = list(csv.DictReader(file))
    prices = unit_prices(lines)
    ids = write_skus(products, prices)
    write_orders([line for line in lines if line["product_id"] in ids], ids)


def unit_prices(lines: list[dict[str, str]]) -> dict[str, Decimal]:
    """Product -> median price of one unit, to the cent."""
    paid = defaultdict(list)
    for line in lines:
        if int(line["quantity"]) > 0:
            paid[line["product_id"]].append(Decimal(line["sales_value"]) / int(line["quantity"]))
    return {key: median(values).quantize(CENT, ROUND_HALF_UP) for key, values in paid.items()}


def write_skus(products: list[dict[str, str]], prices: dict[str, Decimal]) -> dict[str, str]:
    ids: dict[str, str] = {}
    attributes = ["grocer_product_id", "grocer_manufacturer_id", "brand", "type"]
    names = {"HOT SAUCE": iter(HOT), "CHILI SAUCE COCKTAIL SAUCE": iter(CHILI)}
    number = Counter(TYPES)
    by_type: dict[str, list[Decimal]] = defaultdict(list)
    for product in products:
        if product["product_id"] in prices:
            by_type[product["product_type"]].append(prices[product["product_id"]])
    with (DEMO / "skus.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            ["sku_id", "name", "description", "size_ml", "flavor_profile", "price", "reorder_point"]
            + [f"attributes.{name}" for name in attributes]
        )
        out.writerows(row + [""] * len(attributes) for row in SAMPLES)
        for place, product in enumerate(sorted(products, key=lambda row: int(row["product_id"]))):
            kind, key = product["product_type"], product["product_id"]
            ids[key] = f"HOTSAUCE-{number[kind]}"
            number[kind] += 1
            name, flavors = next(names[kind])
            ounces = Decimal(re.sub(r"[^0-9.]", "", product["package_size"]))
            first, second, third = flavors.split("|")
            heat = HEATS[place % len(HEATS)]
            out.writerow(
                [
                    ids[key],
                    name,
                    f"{heat} table sauce: {first}, {second}, {third}; {ounces} oz bottle",
                    (ounces * ML_PER_OUNCE).quantize(Decimal(1), ROUND_HALF_UP),
                    flavors,
                    prices.get(key, median(by_type[kind]).quantize(CENT, ROUND_HALF_UP)),
                    12,
                    key,
                    product["manufacturer_id"],
                    product["brand"],
                    kind.lower(),
                ]
            )
    return ids


def write_orders(lines: list[dict[str, str]], ids: dict[str, str]) -> None:
    """The month's lines. The price is the amount paid, or the list price on the web channel."""
    header = "order_id created_at channel customer_name customer_email customer_address sku_id quantity price"
    with (DEMO / "orders.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header.split())
        for line in lines:
            if not line["transaction_timestamp"].startswith(MONTH):
                continue
            store = int(line["store_id"])
            channel = ("pos", "pos", "web", "marketplace")[store % 4]
            quantity = int(line["quantity"])
            cents = int(Decimal(line["sales_value"]) * 100)
            low, rest = divmod(cents, quantity) if quantity else (0, 0)
            parts = [(rest, low + 1), (quantity - rest, low)] if rest else [(quantity, low)]
            for units, price in parts if channel != "web" else [(quantity, None)]:
                out.writerow(
                    [
                        f"{channel.upper()}-{line['basket_id']}",
                        in_utc(line["transaction_timestamp"]),
                        channel,
                        f"Household {line['household_id']}",
                        f"household-{line['household_id']}@example.com",
                        f"Store {store}",
                        ids[line["product_id"]],
                        units,
                        "" if price is None else Decimal(price) / 100,
                    ]
                )


def in_utc(local: str) -> str:
    """The source has local store times without a zone; most of its stores are in the eastern US."""
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("America/New_York"))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
