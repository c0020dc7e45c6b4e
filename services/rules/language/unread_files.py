"""What lies in a rule folder and is read by nobody, such as `attendance.yml`: probably meant, so it is an error."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from services.i18n import say
from services.messages import Message
from services.rules.language.reading import Place, Report, known_words

STANDARD_LEVELS = ("college", "major", "course", "teacher", "student")
_FOLDERS = ("standards", "tests", "examples")
_LEFT_ALONE = (".*", "*~", "#*#", "*.bak", "*.orig", "*.swp", "*.md", "Thumbs.db", "desktop.ini")
"""Hidden files, what editors and desktops leave behind, and notes."""


def unread(folder: Path) -> list[Path]:
    """Files and folders that nothing is read from, sorted."""
    return sorted(path for path in _listed(folder) if not _left_alone(path))


def _listed(folder: Path) -> Iterator[Path]:
    for path in folder.glob("*"):
        if path.suffix != ".yaml" and not (path.name in _FOLDERS and path.is_dir()):
            yield path
    yield from (path for path in folder.glob("standards/*") if path.suffix != ".yaml")


def report_unread(folder: Path, report: Report) -> None:
    """Says of each what would be right."""
    for path in unread(folder):
        report.add(
            _place(folder, path), say("rules.nothing_read_from", name=path.name), _meant(path.relative_to(folder), path)
        )


def report_stray_tests(folder: Path, report: Report) -> None:
    """Likewise of `tests`, for those who run them: a service that runs does not suffer from them."""
    for path in sorted(folder.glob("tests/*")):
        if path.is_file() and not path.name.endswith(".test.yaml") and not _left_alone(path):
            report.add(_place(folder, path), say("rules.no_test_read_from", name=path.name), f"{_stem(path)}.test.yaml")


def _meant(shown: Path, path: Path) -> Message | str:
    within = shown.parent.name
    if path.is_dir():
        return say("rules.files_alone") if within else known_words(path.name, _FOLDERS)
    if within:
        near = known_words(_stem(path), STANDARD_LEVELS)
        return f"{near}.yaml" if near in STANDARD_LEVELS else say("rules.yaml", near=near)
    return say("rules.yaml_or_md_for_notes", path=_stem(path))


def _place(folder: Path, path: Path) -> Place:
    return Place(None, path.relative_to(folder).as_posix(), None)


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


def _left_alone(path: Path) -> bool:
    return any(fnmatch(path.name, one) for one in _LEFT_ALONE)
