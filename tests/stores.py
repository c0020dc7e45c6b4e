"""A store of SQLite as a first start leaves it: its schema is made once, not for each test."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from services.notify.store.engine import Store


@cache
def empty_store() -> bytes:
    """The file, in which no table has a row."""
    with TemporaryDirectory(prefix="prewarn-") as folder:
        file = Path(folder) / "notify.db"
        Store(f"sqlite:///{file}").close()
        return file.read_bytes()
