"""Setting a log back whose time had come further than it has: a wall clock was years ahead and was believed."""

from __future__ import annotations

import msgspec

from services.log.journal import Journal
from services.messages import UNREADABLE, CampusEvent, from_ms, to_ms

SET_BACK = "set_back"
"""Name of what the log remembers until the rules have evaluated it anew: that it was set back."""
_OURS = "prewarn"
_decode = msgspec.json.Decoder(list[CampusEvent]).decode
_encode = msgspec.json.Encoder().encode


def set_back(journal: Journal, now: int) -> int:
    """Time has come to `now` (ms) at most; the rules evaluate the log anew at their next start. Rows that changed.

    What rules found in the future is taken out of the log, as they find it no more; what people did then, they did now.
    Records of sources say what they say. Raises LogError.
    """
    with journal.transaction() as db:
        rows = db.execute("select offset, packed from log where clock > ?", (now,)).fetchall()
        for offset, packed in rows:
            try:
                events = _decode(packed)
            except UNREADABLE:  # what another version wrote stays as it is
                continue
            kept = [_back(one, now) for one in events if not _is_found(one, now)]
            db.execute("update log set packed = ?, events = ? where offset = ?", (_encode(kept), len(kept), offset))
        db.execute("update log set clock = ? where clock > ?", (now, now))
        offset = db.execute("select value from meta where name = 'evaluated'").fetchone()
        if offset is not None:
            done, come = offset[0].split()
            put = "insert or replace into meta values (?, ?)"
            db.execute(put, ("evaluated", f"{done} {min(int(come), now)}"))
            db.executemany(put, [(SET_BACK, "1"), ("rule_version", "")])
    return len(rows)


def _is_ours(event: CampusEvent, now: int) -> bool:
    return event.source == _OURS and to_ms(event.time) > now


def _is_found(event: CampusEvent, now: int) -> bool:
    return event.kind == "warning" and _is_ours(event, now)


def _back(event: CampusEvent, now: int) -> CampusEvent:
    return msgspec.structs.replace(event, time=from_ms(now)) if _is_ours(event, now) else event
