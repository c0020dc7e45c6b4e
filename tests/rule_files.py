"""Small rule folders for tests."""

from pathlib import Path
from textwrap import indent

CALENDAR = "time_zone: Asia/Shanghai\n"


def rule(
    ident: str = "r", on: str = "attendance", by: str = "[student]", measure: str = '{count: status == "absent"}',
    levels: str = "{at_least: {yellow: 2, red: 4}}", **more: str,
) -> str:  # fmt: skip
    """One entry of a rule file."""
    lines = {
        "id": ident, "title": "{zh: 一, en: one}", "on": on, "by": by, "measure": measure, "levels": levels,
        "notify": "{to: class_tutor}", "message": "{zh: 一, en: one}", **more,
    }  # fmt: skip
    return "  - " + indent("\n".join(f"{name}: {value}" for name, value in lines.items()), "    ").lstrip() + "\n"


def folder(path: Path, *rules: str, standards: str = "", calendar: str = CALENDAR) -> Path:
    """A rule folder with these rules, the entries of `standards/student.yaml`, and a calendar."""
    (path / "standards").mkdir(parents=True, exist_ok=True)
    (path / "rules.yaml").write_text("rules:\n" + "".join(rules), "utf-8")
    (path / "calendar.yaml").write_text(calendar, "utf-8")
    if standards:
        (path / "standards" / "student.yaml").write_text("standards:\n" + indent(standards, "  "), "utf-8")
    return path
