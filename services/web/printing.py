"""The notice that is printed (学业预警通知书, 谈话记录, 回执), by the college's own template or by ours.

`printed/notice.zh.html` and `printed/notice.en.html` in home are what stands on the paper, as HTML with named fields in
Jinja's braces; `services/web/printed/` has what is used without them. A template is run in Jinja's sandbox, escapes
what is filled in, and can read nothing but its fields. It is read each time, so that an edit counts at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from services.i18n import LANGUAGES, Language, say
from services.messages import Message, Problem, nearest

_LOG = logging.getLogger(__name__)
_OURS = Path(__file__).parent / "printed"
_LARGEST = 200_000
"""Bytes of a template."""
_FOREIGN = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class TalkField(NamedTuple):
    """A talk, as a template names its parts. Notes are not among them: they are for few."""

    day: str
    clock: str
    way: str
    place: str
    by: str
    agreed: str
    next_day: str


class Notice(NamedTuple):
    """The fields of a template; what there is not is empty."""

    heading: str
    student: str
    """Of a warning about a student, their name."""
    class_name: str
    about: str
    """Whom and what it is about, in words."""
    department: str
    kind: str
    """Yellow warning …"""
    title: str
    """Of the rule."""
    message: str
    """The rule's sentence about it, without what it asks of staff."""
    since: str
    status: str
    """How it stands on the day of the print, as a sentence."""
    act_by: str
    measure: str
    measure_day: str
    talks: tuple[TalkField, ...]
    not_reached: int
    """How often."""
    today: str
    printed_by: str
    role: str
    """As what they see it; empty: none."""
    parents: bool
    """Whether the college notes that parents were informed."""


_EXAMPLE = Notice(
    heading="…",
    student="…",
    class_name="…",
    about="…",
    department="…",
    kind="…",
    title="…",
    message="…",
    since="…",
    status="…",
    act_by="…",
    measure="…",
    measure_day="…",
    talks=(TalkField(*("…",) * 7),),
    not_reached=1,
    today="…",
    printed_by="…",
    role="…",
    parents=True,
)
_NAMES = frozenset(Notice._fields) | {"loop"}


class Printed(NamedTuple):
    """What stands on the paper."""

    html: Markup
    problems: list[Problem]
    """Of the college's own template, which is not used for them."""


def path_of(home: Path, language: Language) -> Path:
    """Where the college's own template is, if it has one."""
    return home / "printed" / f"notice.{language}.html"


def filled(home: Path, language: Language, fields: Notice) -> Printed:
    """The notice in a language. What is wrong with the college's template is logged, and ours used instead."""
    own = path_of(home, language)
    problems: list[Problem] = []
    if own.exists():
        template, problems = _read(own)
        if template is not None and not problems:
            try:
                return Printed(_rendered(template, fields), [])
            except Exception as error:  # noqa: BLE001 - whatever somebody's template does, there is a notice
                problems = [Problem(where=str(own), what=_words(error))]
        log_problems(problems)
    ours, _ = _read(_OURS / f"notice.{language}.html")
    assert ours is not None
    return Printed(_rendered(ours, fields), problems)


def check(home: Path) -> Iterator[Problem]:
    """Everything that is wrong with the college's own templates, with file and line, and the field that was meant."""
    folder = home / "printed"
    if not folder.is_dir():
        return
    known = {path_of(home, language).name for language in LANGUAGES}
    for path in sorted(folder.iterdir()):
        if path.name in known:
            yield from _read(path)[1]
        elif path.suffix in (".html", ".txt", ".j2", ".jinja"):
            yield Problem(
                where=str(path), what=say("operate.printed_not_known"), expected=nearest(path.name, known) or min(known)
            )


def log_problems(problems: Iterable[Problem]) -> None:
    """A template that is wrong keeps nothing from running: ours is used."""
    for one in problems:
        _LOG.error("%s", one)


def _read(path: Path) -> tuple[Template | None, list[Problem]]:
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals.clear()
    try:
        if path.stat().st_size > _LARGEST:
            return None, [Problem(where=str(path), what=say("operate.printed_too_large", most=_LARGEST))]
        text = path.read_text("utf-8")
        tree = environment.parse(text)
        problems = list(_unknown(path, tree))
        template = environment.from_string(text)
    except TemplateSyntaxError as error:
        what = say("operate.printed_not_read", error=error.message or "")
        return None, [Problem(where=f"{path}:{error.lineno}", what=what)]
    except (OSError, UnicodeDecodeError) as error:
        return None, [Problem(where=str(path), what=say("operate.printed_not_read", error=error))]
    if not problems:
        problems = list(_tried(path, template))
    return template, problems


def _unknown(path: Path, tree: nodes.Template) -> Iterator[Problem]:
    """Fields that there are not, and what reaches beyond the file."""
    own = {one.name for one in tree.find_all(nodes.Name) if one.ctx in ("store", "param")}
    own |= {one.name for one in tree.find_all(nodes.Macro)}
    for one in tree.find_all(nodes.Name):
        if one.ctx == "load" and one.name not in own | _NAMES:
            yield _no_field(f"{path}:{one.lineno}", one.name, _NAMES)
    for part in tree.find_all(nodes.Getattr):
        of_loop = isinstance(part.node, nodes.Name) and part.node.name == "loop"
        if not of_loop and part.attr not in TalkField._fields:
            yield _no_field(f"{path}:{part.lineno}", part.attr, TalkField._fields)
    for other in tree.find_all(_FOREIGN):
        yield Problem(where=f"{path}:{other.lineno}", what=say("operate.printed_alone"))


def _no_field(where: str, name: str, known: frozenset[str] | tuple[str, ...]) -> Problem:
    fields = sorted(set(known) - {"loop"})
    expected = nearest(name, fields) or ", ".join(fields)
    return Problem(where=where, what=say("operate.printed_no_field", name=name), expected=expected)


def _tried(path: Path, template: Template) -> Iterator[Problem]:
    """What only shows when it is filled in: with everything there is, and with as little as there can be."""
    little = _EXAMPLE._replace(talks=(), student="", measure="", measure_day="", not_reached=0, parents=False)
    for fields in (_EXAMPLE, little):
        try:
            _rendered(template, fields)
        except Exception as error:  # noqa: BLE001 - a template may do anything
            yield Problem(where=str(path), what=_words(error))
            return


def _words(error: Exception) -> Message:
    said = error.message if isinstance(error, TemplateError) and error.message else str(error)
    return say("operate.printed_not_read", error=said or type(error).__name__)


def _rendered(template: Template, fields: Notice) -> Markup:
    return Markup(template.render(**fields._asdict()))  # noqa: S704 - the template escapes what is filled in
