"""What people do with warnings that are a day old: who does what follows from the warning alone."""

from datetime import datetime, timedelta
from zlib import crc32

from services.notify.store import feedback
from services.notify.store.views import dossier

AFTER, WITHIN = timedelta(hours=24), timedelta(hours=6)
DONE_BY_PEOPLE = ("status", "closed_at", "acknowledged_at", "measure", "due_at", "closed_by", "closed_reason")
"""Fields of a warning that an act sets."""
ON_PEOPLE = frozenset({"warnings-overdue", "warnings-not-useful"})
"""Rules about what people do."""


def act(embedded, now):
    """The acts of one step; done again, as after a kill, they change nothing."""
    notify = embedded.notify
    for one in list(notify.warnings()):
        age = now - datetime.fromisoformat(one["opened_at"])
        if not AFTER <= age < AFTER + WITHIN:
            continue
        with notify.database.reading() as connection:
            people = [row.person for row in dossier(connection, one["id"]).recipients]
        if people:
            _do(
                notify.acts,
                crc32(f"{one['rule']} {one['subject']} {one['opened_at']}".encode()) % 5,
                people[0],
                one["id"],
            )
    feedback.hand_on(notify.database, notify.ports.publish)


def _do(acts, which, person, warning):
    if which == 0:
        acts.acknowledge(person, warning)
    elif which == 1:
        acts.close(person, warning, "talked to them", "fixed")
    elif which == 2:
        acts.judge(person, warning, "not_useful")
