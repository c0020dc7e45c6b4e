"""Settings: from the environment (`PREWARN_…`) and the command line, frozen once they are read."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """A folder that comes with Prewarn: beside the package in a checkout, inside it when installed."""
    beside = _PACKAGE.parent / name
    return beside if beside.is_dir() else _PACKAGE / "resources" / name


class Settings(BaseSettings):
    """What a process needs to know. Times and zones: the college's zone stands in rules/calendar.yaml."""

    model_config = SettingsConfigDict(env_prefix="PREWARN_", frozen=True)

    home: Path = Path(".prewarn")
    """Folder of the embedded mode; nothing is written outside of it."""
    rules: Path | None = None
    """Folder of the rules; default: `rules` in home if it exists, else the ones that come with Prewarn."""
    database_url: str | None = None
    """Store of notify; default: notify.db in home."""
    host: str = "127.0.0.1"
    port: int = 8321
    base_url: str | None = None
    """Address under which people reach the pages; default: host and port."""

    @property
    def rules_folder(self) -> Path:
        """Where the rule files are."""
        if self.rules is not None:
            return self.rules
        own = self.home / "rules"
        return own if own.is_dir() else resource("rules")

    @property
    def directory_folder(self) -> Path:
        """Where the directory's files are."""
        return self.home / "directory"

    @property
    def store_url(self) -> str:
        """SQLAlchemy address of notify's store."""
        return self.database_url or f"sqlite:///{(self.home / 'notify.db').resolve()}"

    @property
    def public_url(self) -> str:
        """Address of the pages, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")
