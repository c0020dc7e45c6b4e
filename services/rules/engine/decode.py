"""Reads events off the wire into structs that have only the fields that some rule needs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Union

import msgspec

from services.messages import ENDING
from services.rules.engine.generate import used_fields
from services.rules.engine.layout import Layout
from services.rules.engine.plan import Plan

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_TYPES: dict[str, Any] = {
    "string": str | None,
    "integer": int | None,
    "number": float | None,
    "boolean": bool | None,
    "date-time": _Moment | None,
    "any": Any,
}


def decoder(plan: Plan, layouts: list[Layout]) -> tuple[msgspec.json.Decoder[Any], dict[str, type[msgspec.Struct]]]:
    """A decoder for a JSON array of events, and the type of each kind; fields that no rule needs are skipped unread."""
    types = {kind: _event(kind, layouts, plan) for kind in sorted(plan.fields)}
    one: Any = Union[tuple(types.values())]  # noqa: UP007 - made at run time
    return msgspec.json.Decoder(list[one]), types


def _event(kind: str, layouts: list[Layout], plan: Plan) -> type[msgspec.Struct]:
    watching = [layout for layout in layouts if kind in layout.kinds]
    names = [*plan.fields[kind]] if kind == ENDING else used_fields(kind, watching, plan) if watching else []
    data = msgspec.defstruct(
        f"Data_{kind}",
        [(f"f_{name}", _TYPES[plan.fields[kind][name]], None) for name in names],
        rename={f"f_{name}": name for name in names},
        omit_defaults=True,  # route writes them on
        gc=False,
    )
    return msgspec.defstruct(
        f"Event_{kind}",
        [
            ("source", str),
            ("id", str),
            ("time", _Moment),
            ("data", data),
            ("revision", int, 0),
            ("retracted", bool, False),
            ("past", _Moment | None, None),
        ],
        tag_field="type",
        tag=kind,
        omit_defaults=True,
        gc=False,
        namespace={"kind": kind},
    )
