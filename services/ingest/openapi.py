"""What the API is, for machines: an OpenAPI 3.1 document, made of the schemas by which events are checked."""

from __future__ import annotations

from services import __version__
from services.i18n import both, say
from services.ingest.problem_details import MEDIA_TYPE
from services.ingest.schemas import Schemas
from services.ingest.validation import MAX_EVENTS
from services.messages import Json, Message

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_REASON = {
    "type": "object",
    "required": ["where", "what", "expected"],
    "properties": {"where": _TEXT, "what": _TEXT, "expected": _TEXT},
}
_REJECTED = {
    "rejected": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["position", "reasons"],
            "properties": {
                "position": _TEXT,
                "reasons": {"type": "array", "items": {"$ref": "#/components/schemas/reason"}},
            },
        },
    },
    "rejected_not_shown": _COUNT,
}
_ANSWER = {
    "type": "object",
    "required": ["accepted", "duplicate", "rejected"],
    "properties": {"accepted": _COUNT, "duplicate": _COUNT, **_REJECTED, "late": _COUNT},
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "error": {"$ref": "#/components/schemas/reason"},
        "accepted": _COUNT,
        "duplicate": _COUNT,
        **_REJECTED,
    },
}
_OF_ITS_OWN = ("$schema", "$id")
"""Of a schema in a file, not of one in a document."""


def description(schemas: Schemas) -> Json:
    """The document; kinds that only Prewarn makes are not in it."""
    kinds = [kind for kind in schemas.kinds() if not schemas.by_kind[kind].ours]
    data = {kind: _without(schemas.by_kind[kind].document, *_OF_ITS_OWN) for kind in kinds}
    events = {f"{kind}_event": _event(kind, keyed=bool(schemas.by_kind[kind].key)) for kind in kinds}
    mapping = {kind: f"#/components/schemas/{kind}_event" for kind in kinds}
    event = {
        "oneOf": [{"$ref": one} for one in mapping.values()],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    several = {"type": "array", "maxItems": MAX_EVENTS, "items": {"$ref": "#/components/schemas/event"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Prewarn", "version": __version__, "description": _words(say("ingest.api_is"))},
        "paths": {"/v1/events": {"post": _sending()}},
        "components": {
            "schemas": {
                **data,
                **events,
                "envelope": _envelope(schemas),
                "event": event,
                "events": several,
                "answer": _ANSWER,
                "problem": _PROBLEM,
                "reason": _REASON,
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": _words(say("ingest.api_token"))}
            },
        },
    }


def _sending() -> Json:
    one, several = ({"$ref": f"#/components/schemas/{name}"} for name in ("event", "events"))
    past = {"name": "past", "in": "query", "schema": {"type": "boolean", "default": False}}
    return {
        "operationId": "sendEvents",
        "description": _words(say("ingest.api_sending")),
        "security": [{"token": []}, {}],
        "parameters": [past | {"description": _words(say("ingest.api_past"))}],
        "requestBody": {
            "required": True,
            "content": {
                "application/cloudevents+json": {"schema": one},
                "application/cloudevents-batch+json": {"schema": several},
                "application/json": {"schema": {"oneOf": [one, several]}},
            },
        },
        "responses": {
            "202": _response(say("ingest.api_taken"), "answer", "application/json"),
            "400": _response(say("ingest.api_malformed")),
            "401": _response(say("ingest.api_unauthorized"), headers=("WWW-Authenticate",)),
            "403": _response(say("ingest.api_forbidden")),
            "413": _response(say("ingest.api_too_large")),
            "415": _response(say("ingest.api_another_type")),
            "422": _response(say("ingest.api_nothing_taken")),
            "429": _response(say("ingest.api_over_quota"), headers=("Retry-After",)),
            "503": _response(say("ingest.api_unavailable"), headers=("Retry-After",)),
        },
    }


def _response(
    what: Message, schema: str = "problem", media_type: str = MEDIA_TYPE, headers: tuple[str, ...] = ()
) -> Json:
    found = {
        "description": _words(what),
        "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }
    return found | ({"headers": {name: {"schema": _TEXT} for name in headers}} if headers else {})


def _event(kind: str, *, keyed: bool) -> Json:
    """What is a record of something needs no id."""
    own: Json = {
        "properties": {"type": {"const": kind}, "data": {"$ref": f"#/components/schemas/{kind}"}},
        **({} if keyed else {"required": ["id"]}),
    }
    return {"allOf": [{"$ref": "#/components/schemas/envelope"}, own]}


def _envelope(schemas: Schemas) -> Json:
    document = _without(schemas.envelope.document, *_OF_ITS_OWN, "examples")
    kinds = [kind for kind in document["properties"]["type"]["enum"] if not schemas.by_kind[kind].ours]
    return document | {
        "properties": document["properties"] | {"type": document["properties"]["type"] | {"enum": kinds}},
        "required": [name for name in document["required"] if name != "id"],
    }


def _without(document: Json, *names: str) -> Json:
    return {name: value for name, value in document.items() if name not in names}


def _words(text: Message) -> str:
    """As in the schemas."""
    words = both(text)
    return f"{words.zh} / {words.en}"
