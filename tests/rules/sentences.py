"""Every sentence about the warnings that the rule tests of a pack bring about, and what is wrong with a sentence."""

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from services import directory as directories
from services.messages import ENDS, CampusEvent, RuleCard, WarningChange, determined, to_ms
from services.notify import privacy, texts
from services.notify.ports import LessonTime, Ports
from services.notify.rows import ChangeRow, WarningRow
from services.notify.wording import Listener
from services.operate.rule_tests.cases import Wait
from services.operate.rule_tests.files import read_rule_tests
from services.operate.rule_tests.running import RuleTestRunner
from services.rules.engine.engine import Engine
from services.rules.language.fields import read_fields
from services.rules.language.load import load
from services.rules.language.reading import Report
from services.rules.runner import EngineRunner
from services.web import view_models
from services.web.reader import Reader

ZONE = ZoneInfo("Asia/Shanghai")
LESSON = datetime(2026, 11, 27, 6, tzinfo=UTC)
SECTIONS = {"zh": "11-27 周五 5–6 节", "en": "11-27 sections 5–6"}
LANGUAGES = ("zh", "en")
CHINESE = re.compile("[一-龥]")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
BROKEN = {
    "unfilled": r"[{}]|—",
    "nothing in brackets": r"（\s*）|\(\s*\)|“\s*”|\[|\]",
    "two marks": r"[，。；：、,;:.]\s*[，。；：、,;:.](?!\d)|[（(“]\s*[，。；：、,;:.]|[，、：；,;]\s*[）)]",
    "spaces": r"  |^ | $|（ | ）|\( | \)| [，。；：,;]",
    "minutes for hours or days": r"(?<!\d)(?:[6-9]\d|\d{3,}) (?:分钟|minutes)",
    "hours for days": r"(?:已|逾期) (?:2[5-9]|[3-9]\d|\d{3,}) 小时|(?:2[5-9]|[3-9]\d|\d{3,}) hours (?:after|overdue)",
    "nothing named": r"nobody_knows|None|null",
}
ASKS = {"zh": re.compile("请"), "en": re.compile(r"[Pp]lease|must")}


FURTHER = {
    "people": ["t1,赵强", "t2,钱敏", "zhao,赵明"],
    "departments": ["x,商贸系,Commerce", "y,艺术系,Arts"],
    "majors": ["nursing,护理,Nursing,tech", "m1,会计,Accounting,tech", "m2,旅游,Tourism,tech", "m3,物流,Freight,tech"],
    "classes": ["k2,护理2601班,nursing,2026"],
    "courses": ["c1,电工,Electrics,maths,,,", "c2,制图,Drawing,maths,,,", "c3,英语,English,maths,,,"],
}
"""Rows for ids of the rule tests that the sample directory does not have."""


def directory_of(folder, zone):
    """The sample directory, with more names."""
    with tempfile.TemporaryDirectory() as fresh:
        whole = Path(shutil.copytree(folder, Path(fresh) / "directory"))
        for name, rows in FURTHER.items():
            with (whole / f"{name}.csv").open("a", encoding="utf-8") as file:
                file.writelines(f"{row}\n" for row in rows)
        return directories.load(whole, zone)


@dataclass(frozen=True)
class Sentence:
    """What is read where, and of which warning."""

    rule: str
    level: str
    change: str
    language: str
    where: str
    text: str
    of: WarningChange
    timetable: bool = False
    """Whether the timetable knows the lessons, with their sections."""


class Pack:
    """A rule pack with its sample directory and what its rule tests bring about."""

    def __init__(self, folder, schemas):
        self.rules = load(folder, schemas)
        self.directory = directory_of(folder / "tests" / "directory", self.rules.zone.key)
        report = Report()
        cases = read_rule_tests(folder, self.rules, read_fields(schemas), report)
        assert not report.problems
        runner = RuleTestRunner(self.rules.plan)
        self.changes = [one for case in cases for one in self._of_case(case, runner.plan_for(case.rule))]

    def _of_case(self, case, plan):
        def complete(kind, data, at):
            return self.directory.enrich(kind, data, at)[0]

        runner = EngineRunner(Engine(plan), complete)
        for step in case.steps:
            if isinstance(step, Wait):
                yield from runner.hand_back(runner.engine.advance(step.at))
            elif isinstance(step, CampusEvent):
                event = msgspec.structs.replace(step, data=complete(step.kind, dict(step.data), step.time))
                yield from runner.hand_back(runner.engine.advance(event.time))
                yield from runner.hand_back(runner.step(msgspec.json.encode([event]), event.time))

    def sentences(self):
        """Each change as it came, and what is read of it once it is over, in both languages."""
        for change in self.changes:
            card = self.rules.cards[change.rule]
            for language in LANGUAGES:
                for kind in dict.fromkeys((change.change, *ENDS)):
                    for reason in (change.reason, "term_ended", "left") if kind == "resolved" else (change.reason,):
                        said = msgspec.structs.replace(change, change=kind, reason=reason)
                        yield from self.of_change(said, card, language)

    def of_change(self, change, card, language):
        """What is read of one change, at once and three days later."""
        for days in (0, 3):

            def of(where, text, days=days):
                facts = (change.rule, change.facts.level, change.change, language, where, text, change)
                return Sentence(*facts, timetable=days > 0)

            ports = Ports(
                lambda: self.directory,
                lambda _version, rule: self.rules.cards.get(rule),
                lambda: change.at,
                lambda _events: None,
                self.lesson if days else lambda _lesson: None,
            )
            now = change.at + timedelta(days=days)
            row, reader = row_of(change), Reader(language, ZONE, now, ports)
            yield of("page", view_models.sentence(row, card, reader))
            yield of("heading", view_models.title(row, card, reader))
            line = view_models.line(row, card, reader)
            yield of("line", line.message)
            yield of("line, about", line.about)
            for _, value in view_models.about(row, card, reader):
                yield of("about", value)
            value, threshold = view_models.figures(row, card, reader)
            if change.facts.value is not None:
                yield of("figures", f"{value} / {threshold}")
            yield of("reason", reader.reason(change.change, change.reason))
            was = ChangeRow(
                warning=1, sequence=1, change=change.change, level=change.facts.level, value=change.facts.value,
                threshold=change.facts.threshold, reason=change.reason, at=0, mode="live", rule_version="",
                taken_in_at=0, not_pushed="",
            )  # fmt: skip
            if change.facts.value is not None:
                yield of("history", view_models.changed(was, card, reader))
            records = view_models.records(row, card, reader)
            for column in records.columns:
                yield of("column", column)
            sent = sent_of(change)
            message = texts.push(sent, card, "http://campus", "key", language)
            yield of("title", message.title)
            yield of("body", message.body.replace("http://campus/warnings/w", "·"))
            named = privacy.with_names(message, card, sent, Listener(language, ZONE, now, ports))
            yield of("named", named.body.split("\n")[0])

    @staticmethod
    def lesson(_):
        """Three days later the timetable knows when every lesson was."""
        return LessonTime(LESSON, "5-6")

    @cache  # noqa: B019 - a pack lives as long as its test
    def names(self):
        """Id → what it is called, of all that have a name; people among them apart."""
        tables, found = self.directory.tables, {}
        for row in (*tables.departments, *tables.majors, *tables.teaching_offices, *tables.courses):
            found[row.id] = {name for name in (row.name_zh, row.name_en) if name}
        for row in tables.classes:
            found[row.id] = {row.name} - {None}
        return {id_: names for id_, names in found.items() if names - {id_}} | self.people()

    @cache  # noqa: B019
    def people(self):
        """Id → name of everybody."""
        rows = (*self.directory.tables.people, *self.directory.tables.students)
        return {row.id: {row.name} for row in rows if row.name and row.name != row.id}


def row_of(change):
    facts = change.facts
    return WarningRow(
        number=1, id="w", rule=change.rule, subject=change.subject, level=facts.level,
        highest_level=facts.highest_level, status=change.change if change.change in ENDS else "open",
        value=facts.value, threshold=facts.threshold, window=facts.window, opened_at=to_ms(facts.opened_at),
        evidence=msgspec.json.encode(facts.evidence).decode(), context=json.dumps(facts.context), reason=change.reason,
        closed_at=to_ms(facts.closed_at or change.at) if change.change in ENDS else None,
    )  # fmt: skip


def sent_of(change):
    row = row_of(change)
    return texts.Sent(
        "w", 1, change.change, change.rule, row.level, possibly_duplicate=False, subject=row.subject, value=row.value,
        threshold=row.threshold, context=row.context, evidence=row.evidence, opened_at=row.opened_at,
        reason=change.reason,
    )  # fmt: skip


def faults(one: Sentence, pack: Pack, card: RuleCard) -> list[str]:
    """What is wrong with a sentence, by rules that know no rule of the pack."""
    text, facts = one.text, one.of.facts
    found = [name for name, pattern in BROKEN.items() if re.search(pattern, text)]
    if one.where in ("page", "line", "named", "heading", "title") and not text.strip():
        found.append("empty")
    bare = text
    for name in sorted({name for names in pack.names().values() for name in names}, key=len, reverse=True):
        bare = bare.replace(name, "·")
    nameless = {facts.context.get(key) for key in ("ticket", "task", "source_name")}
    found += [
        f"id {id_}"
        for id_ in pack.names().keys() - nameless
        if id_ in bare and re.search(rf"(?<![\w-]){re.escape(id_)}(?![\w-])", bare)
    ]
    if (
        one.change in ENDS
        and one.where in ("page", "line", "named", "body", "reason")
        and ASKS[one.language].search(text)
    ):
        found.append("asks to act though it is over")
    if one.where in ("line, about", "about") and "student" not in determined(card.by):
        found += [
            f"stranger {id_}"
            for id_, names in pack.people().items()
            if is_student(pack, id_) and names & {*text.split(" · ")}
        ]
    if one.where in ("page", "line", "named"):
        mine = {facts.context.get("student")} if "student" in determined(card.by) else set()
        behind = {item.fields.get("student") for item in facts.evidence}
        found += [
            f"stranger {id_}"
            for id_, names in pack.people().items()
            if is_student(pack, id_) and id_ not in mine | behind and any(name in text for name in names)
        ]
    if one.where == "figures" and one.change not in ENDS and facts.value != facts.threshold and card.since is None:
        value, _, threshold = text.partition(" / ")
        found += ["value looks like its threshold"] if value == threshold else []
    if one.where == "reason" and one.change == "lowered" and re.search("以内|within the threshold", text):
        found.append("within the threshold though it is not")
    return found + unclear(one, card) + untranslated(one, bare)


def unclear(one: Sentence, card: RuleCard) -> list[str]:
    """Lessons, tickets and times that are not told as people know them."""
    facts, found = one.of.facts, []
    if one.where in ("page", "line", "named"):
        lesson = "lesson" in card.by or ("test" in card.by and "lesson" in facts.context)
        if one.timetable and lesson and SECTIONS[one.language] not in one.text:
            found.append("a lesson without its sections")
        if "ticket" in card.by and one.text.startswith(facts.context["ticket"]):
            found.append("a number that does not say of what")
    if one.where == "figures" and re.search(r"(天|小时|days?|hours?|minutes?) / [\d.]+ ?%$", one.text):
        found.append("a time against a share")
    return found


def untranslated(one: Sentence, bare: str) -> list[str]:
    """Words of the other language, apart from names and what a source calls a thing that no table knows."""
    values = {*one.of.facts.context.values(), *one.of.subject.split("/")}
    values |= {str(value) for item in one.of.facts.evidence for value in item.fields.values()}
    for value in sorted(values, key=len, reverse=True):
        bare = bare.replace(value, "·") if CHINESE.search(value) or one.language == "zh" else bare
    other = CHINESE if one.language == "en" else ENGLISH
    return [f"not {one.language}: {hit[0]}" for hit in [other.search(bare)] if hit]


def is_student(pack: Pack, id_: str) -> bool:
    return any(row.id == id_ for row in pack.directory.tables.students)
