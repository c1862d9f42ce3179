"""SKUs, warehouses, channels, reason codes: each is listed, read, made, replaced, changed and retired in the same way."""

from __future__ import annotations

from typing import NamedTuple

from pyapp.answers import catalog as answers
from pyapp.answers.fields import Answer, Page
from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import Body, PageQuery, WriteQuery
from pyapp.http.route import ADMIN, Route
from pyapp.identity.tokens import Role
from pyapp.schemas import catalog


class Noun(NamedTuple):
    """One table of the catalogue."""

    path: str
    key: str
    name: str  # of one, in operation ids
    one: str
    many: str
    list: str
    get: str
    save: str
    answer: type[Answer]
    page: type[Page]
    query: type[PageQuery]
    draft: type[Body]
    replacement: type[Body]
    change: type[Body]
    roles: tuple[Role, ...] = ADMIN
    regional: bool = False  # whether a list is of one region
    missing: str = "SK001"
    errors: tuple[str, ...] = ()


NOUNS = (
    Noun(
        *("/v1/skus", "sku_id", "sku", "a SKU", "SKUs"),
        list="select * from api.list_skus($1, $2, $3)",
        get="select * from api.get_sku($1)",
        save="select * from api.save_skus($1)",
        answer=answers.Sku,
        page=answers.SkuPage,
        query=catalog.CatalogQuery,
        draft=catalog.Sku,
        replacement=catalog.SkuReplacement,
        change=catalog.SkuChange,
        roles=("admin", "sales"),
        missing="ST010",
    ),
    Noun(
        *("/v1/warehouses", "warehouse_id", "warehouse", "a warehouse", "warehouses"),
        list="select * from api.list_warehouses($1, $2, $3, $4)",
        get="select * from api.get_warehouse($1)",
        save="select * from api.save_warehouses($1)",
        answer=answers.Warehouse,
        page=answers.WarehousePage,
        query=catalog.CatalogQuery,
        draft=catalog.Warehouse,
        replacement=catalog.WarehouseReplacement,
        change=catalog.WarehouseChange,
        regional=True,
    ),
    Noun(
        *("/v1/channels", "channel_id", "channel", "a channel", "channels"),
        list="select * from api.list_channels($1, $2, $3, $4)",
        get="select * from api.get_channel($1)",
        save="select * from api.save_channels($1)",
        answer=answers.Channel,
        page=answers.ChannelPage,
        query=catalog.ChannelQuery,
        draft=catalog.Channel,
        replacement=catalog.ChannelReplacement,
        change=catalog.ChannelChange,
        regional=True,
        errors=("ST003",),
    ),
    Noun(
        *("/v1/reason-codes", "reason_code", "reason_code", "a reason code", "reason codes"),
        list="select * from api.list_reason_codes($1, $2, $3)",
        get="select * from api.get_reason_code($1)",
        save="select * from api.save_reason_codes($1)",
        answer=answers.ReasonCode,
        page=answers.ReasonCodePage,
        query=catalog.ReasonCodeQuery,
        draft=catalog.ReasonCodeDraft,
        replacement=catalog.ReasonCodeReplacement,
        change=catalog.ReasonCodeChange,
    ),
)


def routes_of(noun: Noun) -> tuple[Route, ...]:
    item = f"{noun.path}/{{{noun.key}}}"
    return (
        Route(
            method="GET",
            path=noun.path,
            endpoint=read_page,
            summary=f"List {noun.many}",
            statement=noun.list,
            answer=noun.page,
            query=noun.query,
            regional=noun.regional,
            errors=("VA001",),
        ),
        Route(
            method="POST",
            path=noun.path,
            endpoint=write,
            summary=f"Create or change {noun.one}, or a list of them",
            description="What an object leaves out stays as it is. 201 where it was made, 200 where it was there.",
            statement=noun.save,
            answer=noun.answer,
            roles=noun.roles,
            query=WriteQuery,
            body=noun.draft,
            many=True,
            regional=False,
            status=201,
            upserts=True,
            location=item,
            versioned=True,
            errors=noun.errors,
        ),
        Route(
            method="GET",
            path=item,
            endpoint=read_document,
            summary=f"Read {noun.one}",
            statement=noun.get,
            answer=noun.answer,
            regional=False,
            errors=(noun.missing,),
        ),
        Route(
            method="PUT",
            path=item,
            endpoint=change,
            summary=f"Create {noun.one}, or replace it whole",
            description="Replacing needs If-Match (428 without). If-None-Match: * creates only (412 where it is there).",
            statement=noun.save,
            answer=noun.answer,
            roles=noun.roles,
            query=WriteQuery,
            body=noun.replacement,
            regional=False,
            mode="put",
            status=201,
            upserts=True,
            location=item,
            versioned=True,
            errors=(*noun.errors, "ST009", "SK002", "SK003"),
            operation=f"replace_{noun.name}",
        ),
        Route(
            method="PATCH",
            path=item,
            endpoint=change,
            summary=f"Change {noun.one}",
            description="A merge patch (RFC 7396): what is left out stays, null takes away what can be without.",
            statement=noun.save,
            answer=noun.answer,
            roles=noun.roles,
            query=WriteQuery,
            body=noun.change,
            regional=False,
            mode="patch",
            versioned=True,
            errors=(*noun.errors, noun.missing, "ST009"),
            operation=f"change_{noun.name}",
        ),
        Route(
            method="DELETE",
            path=item,
            endpoint=change,
            summary=f"Retire {noun.one}",
            description="It stays for what refers to it, with active false, and takes part in nothing new. May be repeated.",
            statement=noun.save,
            answer=noun.answer,
            roles=noun.roles,
            query=WriteQuery,
            regional=False,
            mode="retire",
            versioned=True,
            errors=(noun.missing, "ST009"),
            operation=f"retire_{noun.name}",
        ),
    )


ROUTES: tuple[Route, ...] = tuple(route for noun in NOUNS for route in routes_of(noun))
