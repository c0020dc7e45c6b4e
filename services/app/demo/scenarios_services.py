"""Stories told by tickets: repeated (V3), badly rated (V4), safety incidents (Q3); and ordinary ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from services.app.demo.scene import Scene
from services.messages import CampusEvent, Text

_ORDINARY = 28
_DAYS = 35


def _step(scene: Scene, ticket: str, action: str, moment: datetime, **data: Any) -> None:
    number = sum(event.data.get("ticket") == ticket for event in scene.events) + 1
    scene.events.append(
        CampusEvent(
            source="service-desk",
            id=f"{ticket}/{number}",
            kind="ticket",
            time=moment,
            data={"ticket": ticket, "action": action, **data},
        )
    )


def _pseudonym(scene: Scene) -> str:
    return f"p-{scene.dice.randrange(16**4):04x}"


def ordinary(scene: Scene) -> None:
    """One ticket a place, answered, solved and well rated; logistics is rated in a story of its own."""
    for number in range(_ORDINARY):
        day = scene.dice.randint(0, _DAYS)
        ticket = f"R-{scene.day:%y%m%d}-{number + 1:03}"
        category, department, place = scene.dice.choice(
            [
                ("repair", "logistics", "dormitory-1"),
                ("repair", "information-centre", "teaching-building"),
                ("request", "student-affairs", "student-centre"),
                ("request", "academic-affairs", "library"),
            ]
        )
        about = {"category": category, "department": department, "intake_level": "department", "priority": "normal"}
        moment = scene.ago(day, "08:10", scene.dice.randint(0, 500))
        room = f"{place}-{101 + number}"
        _step(scene, ticket, "created", moment, **about, location=room, reporter=_pseudonym(scene))
        _step(scene, ticket, "responded", moment + timedelta(minutes=scene.dice.randint(20, 170)), **about)
        if day > 1:
            _step(scene, ticket, "resolved", moment + timedelta(hours=scene.dice.randint(4, 20)), **about)
            if department != "logistics":
                rating = scene.dice.choice((4, 5, 5))
                _step(scene, ticket, "rated", moment + timedelta(hours=22), **about, rating=rating)


def _reports(scene: Scene, name: str, moments: list[datetime], *, category: str, place: str, department: str) -> None:
    for number, moment in enumerate(moments, start=1):
        _step(
            scene,
            f"{name}-{scene.day:%y%m%d}-{number:02}",
            "created",
            moment,
            category=category,
            location=place,
            department=department,
            priority="normal",
            intake_level="department",
            reporter=_pseudonym(scene),
        )
        about = {"category": category, "location": place, "department": department}
        ticket = f"{name}-{scene.day:%y%m%d}-{number:02}"
        _step(scene, ticket, "responded", moment + timedelta(minutes=12), **about)
        if moment + timedelta(hours=20) < scene.midnight:
            _step(scene, ticket, "resolved", moment + timedelta(hours=20), **about)


def burst_pipe(scene: Scene) -> None:
    """Ten reports from one dormitory, nine of them today: yellow, orange, red within the day."""
    minutes = (10, 25, 45, 70, 100, 150, 215, 300, 410)
    moments = [scene.ago(2, "20:15"), *(scene.ago(0, "08:00", minute) for minute in minutes)]
    _reports(scene, "W", moments, category="repair", place="dormitory-3", department="logistics")
    why = Text(
        "3 号宿舍楼停水，今天 9 件、前天 1 件报修", "Dormitory 3 has no water: nine reports today, one two days ago"
    )
    scene.expect("tickets-repeated", "repair/dormitory-3", 3, "open", "today", why=why)


def canteen(scene: Scene) -> None:
    """The third complaint within a week."""
    moments = [scene.ago(5, "12:20"), scene.ago(3, "12:30"), scene.ago(0, "12:25")]
    _reports(scene, "C", moments, category="complaint", place="canteen-2", department="logistics")
    why = Text("第二食堂一周内第三次被投诉，今天", "Third complaint about canteen 2 within a week, today")
    scene.expect("tickets-repeated", "complaint/canteen-2", 1, "open", "today", why=why)


def projectors(scene: Scene) -> None:
    """Three repairs of the same two weeks ago; a week later the warning is over."""
    if scene.reaches(17):
        moments = [scene.ago(16, "09:05"), scene.ago(15, "10:15"), scene.ago(14, "14:40")]
        _reports(scene, "P", moments, category="repair", place="building-b", department="information-centre")
        why = Text(
            "B 楼投影两周前三次报修，之后没有再发生",
            "Projectors in building B: three repairs two weeks ago, none since",
        )
        scene.expect("tickets-repeated", "repair/building-b", 1, "resolved", "history", why=why)


def slow_repairs(scene: Scene) -> None:
    """Logistics is rated 3.3 on the average this month; in the first days of a month all of it today."""
    days = _days(scene.day.replace(day=1), scene.day)[-10:]
    for number in range(12):
        ticket = f"L-{scene.day:%y%m%d}-{number + 1:02}"
        day = scene.day if number >= 9 or not days else days[number % len(days)]  # noqa: PLR2004 - three come today
        about = {"category": "repair", "department": "logistics", "location": f"dormitory-2-{301 + number}"}
        moment = scene.ago((scene.day - day).days, "13:00", 10 * number)
        _step(scene, ticket, "created", moment - timedelta(days=2), **about, reporter=_pseudonym(scene))
        _step(scene, ticket, "responded", moment - timedelta(hours=47), **about)
        _step(scene, ticket, "resolved", moment - timedelta(hours=20), **about)
        _step(scene, ticket, "rated", moment, **about, rating=4 if number % 3 == 2 else 3)  # noqa: PLR2004 - every third
    why = Text("后勤处本月 12 次评价，均值 3.3", "Twelve ratings of logistics this month, 3.3 on the average")
    scene.expect("satisfaction", "logistics", 2, "open", "today", why=why)


def _days(first: date, before: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((before - first).days)]


def incidents(scene: Scene) -> None:
    """A safety incident that was dealt with, and one today."""
    old, new = f"S-{scene.ago(9, '00:00'):%y%m%d}", f"S-{scene.day:%y%m%d}"
    about = {"category": "safety_incident", "department": "logistics", "priority": "urgent", "intake_level": "college"}
    place = {"location": "canteen-1", "severity": "serious"}
    _step(scene, old, "created", scene.ago(9, "11:20"), **about, **place, reporter=_pseudonym(scene))
    _step(scene, old, "responded", scene.ago(9, "11:26"), **about, **place)
    _step(scene, old, "resolved", scene.ago(9, "12:40"), **about, **place)
    why = Text("第一食堂燃气报警，一个多小时后处置完毕", "Gas alarm in canteen 1, dealt with within an hour and a half")
    scene.expect("safety-incident", old, 3, "resolved", "history", why=why)
    place = {"location": "workshop-2", "severity": "serious"}
    _step(scene, new, "created", scene.ago(0, "14:25"), **about, **place, reporter=_pseudonym(scene))
    _step(scene, new, "responded", scene.ago(0, "14:31"), **about, **place)
    why = Text(
        "实训车间 2 冒烟，今天 14:25 上报，正在处置", "Smoke in workshop 2, reported today at 14:25, being dealt with"
    )
    scene.expect("safety-incident", new, 3, "open", "today", why=why)


def urgent(scene: Scene) -> None:
    """An urgent request that was answered late today, and an urgent repair that nobody has finished for three days."""
    about = {"category": "request", "department": "information-centre", "priority": "urgent", "location": "library-net"}
    ticket = f"U-{scene.day:%y%m%d}-1"
    _step(scene, ticket, "created", scene.ago(0, "09:00"), **about, reporter=_pseudonym(scene))
    _step(scene, ticket, "responded", scene.ago(0, "11:30"), **about)
    _step(scene, ticket, "resolved", scene.ago(0, "12:10"), **about)
    why = Text("紧急诉求 2 小时内未响应，11:30 才响应", "An urgent request, not answered in 2 hours but at 11:30")
    scene.expect("ticket-response", ticket, 2, "resolved", "today", why=why)
    scene.late_tickets.append(("information-centre", scene.ago(0, "11:00")))
    about = {"category": "repair", "department": "logistics", "priority": "urgent", "location": "boiler-house"}
    ticket = f"U-{scene.day:%y%m%d}-2"
    _step(scene, ticket, "created", scene.ago(3, "09:00"), **about, reporter=_pseudonym(scene))
    _step(scene, ticket, "responded", scene.ago(3, "09:20"), **about)
    why = Text("紧急报修三天未办结", "An urgent repair, not finished for three days")
    if scene.reaches(4):
        scene.expect("ticket-closing", ticket, 3, "open", "history", why=why)
    scene.late_tickets += [("logistics", scene.ago(2, "09:00")), ("logistics", scene.ago(1, "09:00"))]


def accidents(scene: Scene) -> None:
    """Two minor accidents of one kitchen, confirmed two weeks ago and today: together they count as serious."""
    inspector = scene.cast[0].teachers[0].id
    about = {"category": "quality_accident", "department": "logistics", "responsible": "kitchen-1"}
    for number, days in enumerate((13, 0), start=1):
        ticket = f"A-{scene.day:%y%m%d}-{number}"
        _step(scene, ticket, "created", scene.ago(days, "09:40"), **about, reporter=_pseudonym(scene))
        confirmed = {"severity": "minor", "confirmed_by": inspector}
        _step(scene, ticket, "confirmed", scene.ago(days, "11:05"), **about, **confirmed)
        _step(scene, ticket, "resolved", scene.ago(days, "16:10"), **about)
    why = Text(
        "第一厨房 13 天前和今天各一起一般质量事故，累计为严重",
        "Kitchen 1: a minor accident 13 days ago and another today, together a serious one",
    )
    scene.expect("accident-grade", "kitchen-1", 2, "open", "today", why=why)


STORIES = (ordinary, burst_pipe, canteen, projectors, slow_repairs, urgent, incidents, accidents)
