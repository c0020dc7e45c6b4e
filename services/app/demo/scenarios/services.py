"""Scenarios told by tickets: repeated (V3), badly rated (V4), late (V1, V2), incidents (Q1, Q3); and ordinary ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.app.demo.scene import Scene
from services.messages import Json

_ORDINARY = 28
_DAYS = 35
_PLACES = (
    ("repair", "logistics", "1 号宿舍楼"),
    ("repair", "information-centre", "教学楼"),
    ("request", "student-affairs", "学生活动中心"),
    ("request", "academic-affairs", "图书馆"),
)
"""Category, department and place of ordinary tickets."""

_Step = tuple[str, datetime, Json]
"""Action of a ticket, its time, and what it says beside what all steps of the ticket say."""


def _ticket(scene: Scene, ticket: str, about: Json, *steps: _Step) -> None:
    for number, (action, moment, more) in enumerate(steps, start=1):
        data = {"ticket": ticket, "action": action, **about, **more}
        scene.record("service-desk", f"{ticket}/{number}", "ticket", moment, data)


def _reporter(scene: Scene) -> Json:
    return {"reporter": f"p-{scene.dice.randrange(16**4):04x}"}


def ordinary(scene: Scene) -> None:
    """One ticket a place, answered, solved and well rated; logistics is rated in a scenario of its own."""
    for number in range(_ORDINARY):
        day = scene.dice.randint(0, _DAYS)
        category, department, place = scene.dice.choice(_PLACES)
        about = {"category": category, "department": department, "intake_level": "department", "priority": "normal"}
        moment = scene.ago(day, "08:10", scene.dice.randint(0, 500))
        steps: list[_Step] = [("created", moment, {"location": f"{place} {101 + number}", **_reporter(scene)})]
        steps.append(("responded", moment + timedelta(minutes=scene.dice.randint(20, 170)), {}))
        if day > 1:
            steps.append(("resolved", moment + timedelta(hours=scene.dice.randint(4, 20)), {}))
            if department != "logistics":
                steps.append(("rated", moment + timedelta(hours=22), {"rating": scene.dice.choice((4, 5, 5))}))
        _ticket(scene, f"R-{scene.day:%y%m%d}-{number + 1:03}", about, *steps)


def _reports(scene: Scene, name: str, moments: list[datetime], about: Json, zh: str, en: str) -> None:
    """The same reported several times, and each report dealt with within a day."""
    for number, moment in enumerate(moments, start=1):
        more = {"priority": "normal", "intake_level": "department", **_reporter(scene)}
        steps: list[_Step] = [("created", moment, more), ("responded", moment + timedelta(minutes=12), {})]
        if moment + timedelta(hours=20) < scene.midnight:
            steps.append(("resolved", moment + timedelta(hours=20), {}))
        _ticket(scene, f"{name}-{scene.day:%y%m%d}-{number:02}", about, *steps)
    scene.plant("tickets-repeated", f"{about['category']}/{about['location']}", zh, en)


def burst_pipe(scene: Scene) -> None:
    """Ten reports from one dormitory, nine of them today: yellow, orange, red within the day."""
    minutes = (10, 25, 45, 70, 100, 150, 215, 300, 410)
    moments = [scene.ago(2, "20:15"), *(scene.ago(0, "08:00", minute) for minute in minutes)]
    about = {"category": "repair", "location": "3 号宿舍楼", "department": "logistics"}
    _reports(
        scene,
        "W",
        moments,
        about,
        "3 号宿舍楼停水，今天 9 件、前天 1 件报修",
        "Dormitory 3 has no water: nine reports today, one two days ago",
    )


def canteen(scene: Scene) -> None:
    """The third complaint within a week."""
    moments = [scene.ago(5, "12:20"), scene.ago(3, "12:30"), scene.ago(0, "12:25")]
    about = {"category": "complaint", "location": "第二食堂", "department": "logistics"}
    _reports(
        scene,
        "C",
        moments,
        about,
        "第二食堂一周内第三次被投诉，今天",
        "Third complaint about canteen 2 within a week, today",
    )


def projectors(scene: Scene) -> None:
    """Three repairs of the same two weeks ago; a week later the warning is over."""
    if scene.reaches(17):
        moments = [scene.ago(16, "09:05"), scene.ago(15, "10:15"), scene.ago(14, "14:40")]
        about = {"category": "repair", "location": "B 座教学楼", "department": "information-centre"}
        _reports(
            scene,
            "P",
            moments,
            about,
            "B 楼投影两周前三次报修，之后没有再发生",
            "Projectors in building B: three repairs two weeks ago, none since",
        )


def slow_repairs(scene: Scene) -> None:
    """Logistics is rated 3.3 on the average this month; in the first days of a month all of it today."""
    days = min(scene.day.day - 1, 10)
    for number in range(12):
        ago = 0 if number >= 9 or not days else days - number % days  # noqa: PLR2004 - three come today
        about = {"category": "repair", "department": "logistics", "location": f"2 号宿舍楼 {301 + number}"}
        moment = scene.ago(ago, "13:00", 10 * number)
        _ticket(
            scene,
            f"L-{scene.day:%y%m%d}-{number + 1:02}",
            about,
            ("created", moment - timedelta(days=2), _reporter(scene)),
            ("responded", moment - timedelta(hours=47), {}),
            ("resolved", moment - timedelta(hours=20), {}),
            ("rated", moment, {"rating": 4 if number % 3 == 2 else 3}),  # noqa: PLR2004 - every third
        )
    scene.plant(
        "satisfaction",
        "logistics",
        "后勤处本月 12 次评价，均值 3.3",
        "Twelve ratings of logistics this month, 3.3 on the average",
    )


def incidents(scene: Scene) -> None:
    """A safety incident that was dealt with, and one today."""
    old, new = f"S-{scene.ago(9, '00:00'):%y%m%d}", f"S-{scene.day:%y%m%d}"
    about = {"category": "safety_incident", "department": "logistics", "priority": "urgent", "intake_level": "college"}
    _ticket(
        scene,
        old,
        {**about, "location": "第一食堂", "severity": "serious"},
        ("created", scene.ago(9, "11:20"), _reporter(scene)),
        ("responded", scene.ago(9, "11:26"), {}),
        ("resolved", scene.ago(9, "12:40"), {}),
    )
    scene.plant(
        "safety-incident",
        old,
        "第一食堂燃气报警，一个多小时后处置完毕",
        "Gas alarm in canteen 1, dealt with within an hour and a half",
    )
    _ticket(
        scene,
        new,
        {**about, "location": "第二实训车间", "severity": "serious"},
        ("created", scene.ago(0, "14:25"), _reporter(scene)),
        ("responded", scene.ago(0, "14:31"), {}),
    )
    scene.plant(
        "safety-incident",
        new,
        "实训车间 2 冒烟，今天 14:25 上报，正在处置",
        "Smoke in workshop 2, reported today at 14:25, being dealt with",
    )


def urgent(scene: Scene) -> None:
    """An urgent request that was answered late today, and an urgent repair that nobody has finished for three days."""
    request, repair = f"U-{scene.day:%y%m%d}-1", f"U-{scene.day:%y%m%d}-2"
    _ticket(
        scene,
        request,
        {"category": "request", "department": "information-centre", "priority": "urgent", "location": "图书馆网络"},
        ("created", scene.ago(0, "09:00"), _reporter(scene)),
        ("responded", scene.ago(0, "11:30"), {}),
        ("resolved", scene.ago(0, "12:10"), {}),
    )
    scene.plant(
        "ticket-response",
        request,
        "紧急诉求 2 小时内未响应，11:30 才响应",
        "An urgent request, not answered in 2 hours but at 11:30",
    )
    _ticket(
        scene,
        repair,
        {"category": "repair", "department": "logistics", "priority": "urgent", "location": "锅炉房"},
        ("created", scene.ago(3, "09:00"), _reporter(scene)),
        ("responded", scene.ago(3, "09:20"), {}),
    )
    scene.plant("ticket-closing", repair, "紧急报修三天未办结", "An urgent repair, not finished for three days")


def accidents(scene: Scene) -> None:
    """Two minor accidents of one kitchen, confirmed two weeks ago and today: together they count as serious."""
    for number, days in enumerate((13, 0), start=1):
        _ticket(
            scene,
            f"A-{scene.day:%y%m%d}-{number}",
            {"category": "quality_accident", "department": "logistics", "responsible": "第一食堂后厨"},
            ("created", scene.ago(days, "09:40"), _reporter(scene)),
            (
                "confirmed",
                scene.ago(days, "11:05"),
                {"severity": "minor", "confirmed_by": scene.cast[0].teachers[0].id},
            ),
            ("resolved", scene.ago(days, "16:10"), {}),
        )
    scene.plant(
        "accident-grade",
        "第一食堂后厨",
        "第一厨房 13 天前和今天各一起一般质量事故，累计为严重",
        "Kitchen 1: a minor accident 13 days ago and another today, together a serious one",
    )


SCENARIOS = (ordinary, burst_pipe, canteen, projectors, slow_repairs, urgent, incidents, accidents)
