"""Edits that nobody means: whatever is bad about a file of the rules or the directory, it changes nothing and is told.

Each is made under a home that is in use; the counts are those of the corpus by class.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from services.app.embedded import Embedded
from services.settings import Settings
from tests.rule_files import folder, rule

WITHIN = 5
"""Seconds after which a look at the files counts as standing still; it takes a fraction of one."""
DEEP = 3_000


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda place: (place / name).write_bytes(content) and None


def _gone(place: Path) -> None:
    place.rename(place.with_name(f"{place.name} somewhere else"))


def _a_file_instead(place: Path) -> None:
    _gone(place)
    place.write_text("no folder", "utf-8")


def _fifo(name: str) -> Callable[[Path], None]:
    return lambda place: os.mkfifo(place / name)


def _link(name: str, target: str) -> Callable[[Path], None]:
    return lambda place: (place / name).symlink_to(target)


def _folder(name: str) -> Callable[[Path], None]:
    return lambda place: (place / name).mkdir()


def _name_of_bytes(name: bytes) -> Callable[[Path], None]:
    return lambda place: Path(os.fsdecode(os.fsencode(place) + b"/" + name)).write_bytes(b"id,name\n") and None


RULES: dict[str, Callable[[Path], None]] = {
    "a name in GBK": _name_of_bytes("规则".encode("gbk") + b".yaml"),
    "a name in GBK that nobody reads": _name_of_bytes("规则".encode("gbk") + b".txt"),
    "flow nested deeply": _write("deep.yaml", b"rules: " + b"[" * DEEP + b"]" * DEEP),
    "blocks nested deeply": _write("deep.yaml", b"rules:\n" + b"- " * DEEP + b"x\n"),
    "a FIFO": _fifo("pipe.yaml"),
    "an endless file": _link("zero.yaml", "/dev/zero"),
    "a file that feeds itself": _link("self.yaml", "self.yaml"),
    "a link to nothing": _link("nothing.yaml", "/nowhere/at/all"),
    "a folder of a file's name": _folder("folder.yaml"),
    "half a character": _write("half.yaml", b'rules: [{id: "\\ud800"}]\n'),
    "a zero byte": _write("zero.yaml", b'rules: [{id: "a\\0b"}]\n'),
    "no text": _write("none.yaml", bytes(range(256))),
    "an alias of itself": _write("alias.yaml", b"rules: &a [*a]\n"),
    "a number beyond all": _write("number.yaml", b"rules: [{id: 1e999999}]\n"),
    "a number of many digits": _write("digits.yaml", b"rules: [{id: " + b"9" * 5000 + b"}]\n"),
    "a year beyond all": _write("year.yaml", b"rules: [{id: 99999-01-01}]\n"),
    "the folder is gone": _gone,
    "the folder is a file": _a_file_instead,
}
DIRECTORY: dict[str, Callable[[Path], None]] = {
    "a name in GBK": _name_of_bytes("人员".encode("gbk") + b".csv"),
    "flow nested deeply": _write("classes.yaml", b"[" * DEEP + b"]" * DEEP),
    "blocks nested deeply": _write("classes.yaml", b"- " * DEEP + b"x\n"),
    "a FIFO": _fifo("classes.csv"),
    "an endless file": _link("classes.csv", "/dev/zero"),
    "a file that feeds itself": _link("classes.csv", "classes.csv"),
    "a folder of a file's name": _folder("classes.csv"),
    "half a character": _write("departments.yaml", b'- {id: "\\ud800"}\n'),
    "a zero byte": _write("departments.csv", b"id\na\0b\n"),
    "a zero byte in YAML": _write("departments.yaml", b'- {id: "a\\0b"}\n'),
    "a control character": _write("departments.csv", b"id\na\x1b[2Jb\n"),
    "a cell of a megabyte": _write("departments.csv", b"id\n" + b"x" * (1 << 20) + b"\n"),
    "a day beyond all": _write("people.csv", b"id,name,to\nanna,Anna,9999-12-31\nbo,Bo,2400-01-01\n"),
    "no text": _write("departments.csv", bytes(range(128, 256))),
    "the folder is gone": _gone,
    "the folder is a file": _a_file_instead,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def college(home: Path) -> Embedded:
    folder(home / "rules", rule())
    (home / "directory").mkdir()
    (home / "directory" / "people.csv").write_text("id,name\nanna,Anna\n", "utf-8")
    return Embedded(Settings(home=home))


def look(embedded: Embedded) -> None:
    """As the thread `rules` does once a second, within seconds; raises what it raises."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            embedded.look_at_files(embedded.worker)
        except BaseException as error:  # noqa: BLE001 - whatever it is
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(WITHIN)
    assert not thread.is_alive(), "it stands still"
    if raised:
        raise raised[0]


EDITS = [
    *(pytest.param("rules", edit, id=f"rules-{name}") for name, edit in RULES.items()),
    *(pytest.param("directory", edit, id=f"directory-{name}") for name, edit in DIRECTORY.items()),
]


@pytest.mark.parametrize(("where", "edit"), EDITS)
def test_an_edit_that_is_bad_changes_nothing_and_is_told(where, edit, tmp_path):
    with college(tmp_path) as embedded:
        assert embedded.try_evaluating()
        version = embedded.worker.rule_set.version
        edit(tmp_path / where)
        look(embedded)
        told = embedded.files.refused_edits()
        assert len(told) == 1, told
        assert told[0].startswith(f"{where} not used")
        assert told[0].encode()  # it can be shown
        assert embedded.worker.rule_set.version == version
        assert embedded.files.present_directory().person("anna") is not None
