"""One college in one story, in two parts: what 34562ab wrote, and how it goes on under whichever release came after."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
TERM = datetime(2035, 3, 5, tzinfo=ZONE)
"""Far ahead: Kafka stamps messages with its own clock, and time never goes back."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def moment(text):
    """`tue w3 08:31` of the term."""
    day, week, clock = text.split()
    hour, minute = clock.split(":")
    return TERM + timedelta(weeks=int(week[1:]) - 1, days=_DAYS.index(day), hours=int(hour), minutes=int(minute))


def absence(ident, at, student, *, hours=4, status="absent", **more):
    data = {"lesson": f"l-{ident}", "student": student, "status": status, "hours": hours, "course": "soil"}
    return _event("attendance", ident, at, data, **more)


def failed(ident, at, student):
    data = {
        "test": ident,
        "student": student,
        "course": "soil",
        "class": "g1",
        "max_score": 100,
        "pass_score": 60,
        "status": "graded",
        "score": 41,
    }
    return _event("test", ident, at, data)


def ticket(ident, at, number, action, **more):
    data = {
        "ticket": number,
        "action": action,
        "category": "repair",
        "location": "2号温室",
        "department": "estate",
        **more,
    }
    return _event("ticket", ident, at, data)


def _event(kind, ident, at, data, **more):
    return {
        "specversion": "1.0",
        "type": kind,
        "source": "phone",
        "id": ident,
        "time": moment(at).isoformat(),
        "data": data,
        **more,
    }


def written(it):
    """What 34562ab wrote. `it`: an installation (installation.py)."""
    it.at("mon w2 08:31")
    it.post(
        absence("a1", "mon w2 08:31", "t1"),
        absence("a2", "mon w2 08:31", "t2", hours=8),
        absence("a3", "mon w2 08:31", "t3"),
    )
    it.settle()
    it.at("mon w2 09:00")
    it.refused(
        absence("a4", "mon w2 08:31", "nobody-knows-me"),
        {"specversion": "1.0", "type": "attendence", "source": "phone", "id": "a5", "data": {}},
    )
    it.post(failed("f1", "mon w2 09:00", "t1"))
    it.settle()
    it.at("tue w2 09:10")
    it.act("mei", "absence-hours", "t2", "improve", measure="与学生和家长谈话，每日到课", due="2035-03-25")
    it.post(failed("f2", "tue w2 09:00", "t1"))
    it.settle()
    it.at("tue w2 10:00")
    it.act("bai", "student-case", "t1", "judge", verdict="not_useful")
    it.act("bai", "student-case", "t1", "acknowledge")
    # A correction: it was leave.
    it.post(absence("a3", "mon w2 08:31", "t3", status="leave", revision=1))
    it.settle()
    it.at("fri w2 16:00")
    it.post(ticket("w1", "fri w2 16:00", "leaking-tap", "created"))
    it.settle()
    it.at("mon w3 09:05")
    it.settle()
    it.at("mon w3 09:10")
    it.post(ticket("w2", "mon w3 09:10", "leaking-tap", "responded"))
    it.settle()
    it.at("mon w3 10:00")
    it.publish_second_edition(author="song", reason="学生工作处例会决定，3 月 19 日")
    it.at("mon w3 10:05")
    it.settle()
    it.at("mon w3 17:00")
    it.post(ticket("w3", "mon w3 17:00", "broken-lamp", "created"))
    it.silence("t4", until="wed w3 12:00", author="mei", comment="住院，家长已告知")
    it.settle()
    it.at("tue w3 08:31")
    it.post(
        absence("a6", "tue w3 08:31", "t3"),
        absence("a7", "tue w3 08:31", "t4"),
        absence("a8", "tue w3 08:31", "t5"),
        absence("a9", "tue w3 08:31", "t6"),
    )
    it.settle()
    it.at("tue w3 08:40")
    it.settle()


def under_way():
    """Of a cluster: what notify, evaluate and route had not taken up yet when they were stopped, in this order."""
    at = "tue w3 08:40"
    return (
        failed("f3", at, "t5"),
        ticket("w4", at, "wet-floor", "created", priority="urgent"),
        ticket("w5", at, "lost-key", "created", priority="urgent"),
    )


def continuation(it):
    """Goes on after a minute without Prewarn; each `shown` is a point at which everything that is known is compared."""
    it.at("tue w3 08:41")
    it.shown("as it was left", whole=True)
    it.at("tue w3 10:00")
    it.post(
        absence("b1", "tue w3 10:00", "t3"),  # an open warning rises
        absence("a8", "tue w3 08:31", "t5", status="leave", revision=1),  # a correction of before: one is withdrawn
        failed("b2", "tue w3 09:50", "t2"),  # with the absences of before a case
    )
    it.post_again(absence("a9", "tue w3 08:31", "t6"), absence("a2", "mon w2 08:31", "t2", hours=8))
    it.shown("an open warning has risen, one is withdrawn, and a known record has changed nothing")
    it.at("wed w3 08:32")
    it.shown("a chain that had begun before has gone on, and a ticket of before has run out of time")
    it.at("wed w3 12:01")
    it.shown("the silence is over: what it had held is told")
    it.at("wed w3 14:00")
    it.post(ticket("b3", "wed w3 13:59", "broken-lamp", "responded"))
    it.shown("the ticket of before is answered")
    it.at("sun w3 00:01")
    it.shown("the measure of before is due soon")
    it.at("mon w4 00:01")
    it.shown("the measure of before is overdue")
    it.roll_back(1, author="song")
    it.at("mon w4 00:05")
    it.shown("the first edition counts again", whole=True)
