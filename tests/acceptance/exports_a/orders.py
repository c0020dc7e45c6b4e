"""The orders in which a college may give its files."""

from collections import defaultdict
from datetime import datetime, timedelta

from tests.acceptance.exports_a import events, exports


def one_after_another(home, read, files):
    """The corrected export and the leave last; (state before they came, refused and double rows of the exports)."""
    seen = {}
    for name, file in files.items():
        if name not in (exports.CORRECTED, exports.LEAVE):
            seen[name] = home.ingest(file)
    before = home.state()
    seen[exports.LEAVE] = home.ingest(files[exports.LEAVE])
    seen[exports.CORRECTED] = corrected(home, read, files[exports.CORRECTED])
    return before, seen


def backwards(home, read, files):
    """The last file first, and the export that was corrected behind the corrected one."""
    for name, file in reversed(files.items()):
        corrected(home, read, file) if name == exports.CORRECTED else home.ingest(file)


def corrected(home, read, file):
    return home.ingest(file, covers=exports.COVERS, exported_at=read.corrected_at)


def week_by_week(home, read, folder):
    """Each week's lines on the Sunday behind it, as if all was exported then; then the correction, and its answer."""
    folder.mkdir()
    weeks = defaultdict(dict)
    for name, some in read.events.items():
        for one in some:
            if name != exports.CORRECTED:
                weeks[_sunday(one)].setdefault(name, []).append(_exported_then(one, name))
    for end, by_name in sorted(weeks.items()):
        home.now = min(end, read.exported_at)
        home.ingest(*[
            events.write(folder / f"{end.date()} {number}.ndjson", some) for number, some in enumerate(by_name.values())
        ])  # fmt: skip
    home.now = read.corrected_at
    return corrected(home, read, events.write(folder / "corrected.ndjson", read.events[exports.CORRECTED]))


def _sunday(one):
    """The end of the week in which a line was there to be exported: a request for leave once it was decided."""
    known = datetime.fromisoformat(one["time"])
    if one["type"] == "leave":
        known = max(known, datetime.fromisoformat(one["recordedat"]))
    return (known + timedelta(days=6 - known.weekday())).replace(hour=23, minute=59, second=59)


def _exported_then(one, name):
    """An export of a week was not made at the end of the term."""
    return {key: value for key, value in one.items() if key != "recordedat"} if name == exports.FIRST else one
