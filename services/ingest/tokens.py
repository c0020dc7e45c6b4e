"""Tokens of sources: how they are made, and how they are known again."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from services.errors import ConfigurationError
from services.i18n import say
from services.ingest.schemas import Schemas
from services.ingest.validation import OURSELVES
from services.log.tokens import SourceToken
from services.messages import nearest, to_ms

MOST_PER_MINUTE = 1_000_000
"""Events that a quota can be."""


def digest_of(token: str) -> bytes:
    """By which a token is known. Plain SHA-256: 256 random bits cannot be guessed, so nothing need make guessing slow.

    To look the digest up tells nothing by the time that it takes: whoever asks does not choose it.
    """
    return hashlib.sha256(token.encode()).digest()


def new_token(
    schemas: Schemas, source: str, kinds: Sequence[str], per_minute: int, now: datetime
) -> tuple[str, SourceToken]:
    """A token, which is told once, and what is kept of it. Raises ConfigurationError for what no source may send."""
    named = schemas.envelope.properties["source"]
    if len(source) > named["maxLength"] or not re.fullmatch(named["pattern"], source):
        raise ConfigurationError(say("ingest.no_name_of_a_source", source=repr(source), most=named["maxLength"]))
    if source.partition("/")[0] == OURSELVES:
        raise ConfigurationError(say("ingest.source_is_ours", source=source))
    known = [kind for kind, schema in schemas.by_kind.items() if not schema.ours]
    if unknown := [kind for kind in kinds if kind not in known]:
        expected = " ".join(filter(None, (nearest(kind, known) for kind in unknown))) or ", ".join(sorted(known))
        raise ConfigurationError(say("ingest.no_kind_to_send", kinds=", ".join(unknown), expected=expected))
    id_ = secrets.token_hex(4)
    token = f"prewarn_{id_}_{secrets.token_urlsafe(32)}"
    kept = SourceToken(
        id=id_,
        digest=digest_of(token),
        source=source,
        kinds=tuple(sorted(set(kinds))),
        per_minute=per_minute,
        made=to_ms(now),
    )
    return token, kept
