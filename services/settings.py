"""Settings: from the environment (`PREWARN_…`) and the command line, frozen once they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from services import bounds
from services.errors import SettingError
from services.i18n import say
from services.messages import Message, nearest
from services.provider_settings import SECRETS, ProviderSettings

_PACKAGE = Path(__file__).resolve().parent
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")


_ELSEWHERE = frozenset(
    {"PREWARN_AUTHOR", "PREWARN_DATABASE_URL", "PREWARN_PEOPLE"}  # of commands, of two names, of deploy/compose.yaml
    | {f"PREWARN_{name}" for name in ("SHARED", "CI", "SEED", "FAULTS", "ALL", "TEST_CLOCK")}  # of the tests
)
_ADDRESSES = frozenset({"base_url", "mail"})
_SECRET = frozenset({"PREWARN_MAIL", "PREWARN_DATABASE_URL", "DATABASE_URL"}) | SECRETS
"""Their values hold passwords, and are never shown."""
_SHOWN = 80
"""Characters of a value that is wrong."""
MOST_PORT = 65535
_LONGEST = 315_360_000.0
"""Seconds: ten years; `inf` and what no calendar can add are slips."""


def resource(name: str) -> Path:
    """A folder that comes with Prewarn: beside the package in a checkout, inside it when installed."""
    beside = _PACKAGE.parent / name
    return beside if beside.is_dir() else _PACKAGE / "resources" / name


class Settings(ProviderSettings):
    """What a process needs to know. Times and zones: the college's zone stands in rules/calendar.yaml."""

    model_config = SettingsConfigDict(env_prefix="PREWARN_", frozen=True, populate_by_name=True)

    home: Path = Path(".prewarn")
    """Folder of the embedded mode; nothing is written outside of it."""
    rules: Path | None = None
    """Folder of the rules; default: `rules` in home if it exists, else the ones that come with Prewarn."""
    database_url: str | None = Field(
        default=None, validation_alias=AliasChoices("PREWARN_DATABASE_URL", "DATABASE_URL")
    )
    """Store of notify, `postgresql://user:password@host/name`; default: the SQLite file notify.db in home. In the
    cluster mode ingest keeps in it what sources say, and needs it."""
    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=1, le=MOST_PORT)
    base_url: str | None = None
    """Address under which people reach the pages; default: host and port."""
    hosts: str = ""
    """Further names under which pages and API are asked for, `warnings.college.example,prewarn`. Addresses, localhost,
    and the names in `host` and `base_url` are known; whoever asks for another name is refused (DNS rebinding)."""

    proxies: str = ""
    """Addresses and networks of the proxies before this service, `10.0.0.7,10.1.0.0/16`: what they say of the request
    (X-Forwarded-For, -Proto, -Prefix) is believed. A path in `base_url` is the sub-path of all pages."""
    proxy_user: str = ""
    """The header in which these proxies name who is signed in with them, by the id of the directory:
    `X-Remote-User`. They have to take it out of what comes from elsewhere."""

    mail: SecretStr | None = None
    """The college's mail server, for people of whom the directory knows no channel but an e-mail address:
    `mailtos://user:password@smtp.college.example:465?from=warnings@college.example`."""

    quiet: str = ""
    """Hours, weekdays and holidays in which only red is pushed, by the college's clock and calendar; the rest waits:
    `22:00-07:00,sat,sun,holidays`.
    """
    max_age: float = Field(default=259_200.0, ge=0, le=_LONGEST)
    """Seconds: a warning that opens or rises over what could be known longer ago is shown and not sent (`too_old`); 0:
    whatever its age, it is sent."""
    group_wait: float = Field(default=10.0, ge=0, le=_LONGEST)
    """Seconds for which a message waits for others to the same person; red does not."""
    group_interval: float = Field(default=300.0, ge=0, le=_LONGEST)
    """Seconds after a message before the next to the same person over the same channel, a digest of what came since."""
    repeat: float = Field(default=0.0, ge=0, le=_LONGEST)
    """Seconds after which a warning that nobody has taken up is told again; 0: never."""

    names: str = ""
    """Channels whose messages may name people and say figures: `mailtos://smtp.college.example:465,wecombot`; all
    others say only which kind of warning it is, and where to read it."""
    own_channels: str = "mail,dingtalk,wecombot,feishu"
    """Kinds of addresses that people may set for themselves on the page "My channels"; of mail only some domains,
    of a bot the gateway: `mail=college.example,dingtalk=https://gateway.college.example/robot/send`. Empty: none."""
    own_quiet: str = "18:00-08:00,sat,sun,holidays"
    """Among which hours and days people may choose quiet ones of their own, written as in `quiet`. Empty: none."""
    trial: bool = False
    """Whether every rule begins on trial: recorded and shown, not sent, until `prewarn rules live` says otherwise."""
    students: bool = False
    """Whether students are told of warnings about them, where a rule names them."""
    referrals: str = ""
    """Roles that a warning can be referred to, `student_affairs,mental_health`. Empty: the offices (REFERRED_TO)."""
    referral_days: int = Field(default=2, ge=1, le=60)
    """Working days after which a referral that nobody has accepted goes up."""
    parents: bool = False
    """Whether it is noted that parents were informed, with whose consent and when; nobody sends them anything."""
    appeals: bool = False
    """Whether students see what is on record of them and is not "present", and they and who looks after them can appeal
    against a record; whoever took it decides."""
    appeal_slips: bool = False
    """Whether a picture of a slip may go with an appeal."""
    appeal_days: int = Field(default=3, ge=1, le=100)
    """Working days after which an appeal that is not decided goes up."""
    student_pages: bool = False
    """Whether students may open their own page: their attendance, tests, assessments and warnings."""
    student_leave: bool = False
    """Whether students ask for leave themselves, on their phones, and see what became of it; else their tutors do."""
    tutor_grants: int = Field(default=3, ge=0, le=366)
    """Days of leave that a class tutor or counsellor may grant; of more the head of department decides."""
    leave_back: int = Field(default=14, ge=0, le=366)
    """Days back to which leave can be asked for afterwards."""

    brokers: str | None = None
    """Kafka of the cluster mode: `host:port[,host:port]`."""
    topic_prefix: str = ""
    """What stands before the names of its topics, so that several colleges can share one Kafka."""

    session_timeout: float = Field(default=8.0, gt=0, le=_LONGEST)
    """Seconds after which Kafka gives a rules worker's partitions to another one if it is not heard of."""
    patience: float = Field(default=60.0, gt=0, le=_LONGEST)
    """Seconds after which a rules worker ends that has something to do and commits nothing."""
    metrics_port: int = Field(default=0, ge=0, le=MOST_PORT)
    """Port of /metrics of a rules worker; 0: none."""
    past: bool = False
    """Cluster mode: the events' time is past, so time comes from them and never from the clock (a replay)."""

    die_at: str = ""
    """For tests of crashes: the named point of a step at which ingest or a rules worker kills itself."""

    @field_validator("*", mode="before")
    @classmethod
    def _within_bounds(cls, value: object, info: ValidationInfo) -> object:
        ask = bounds.of_address if info.field_name in _ADDRESSES else bounds.of_line
        wrong = ask(str(value)) if isinstance(value, (str, Path)) else None
        if wrong is not None:
            raise ValueError(say("bounds.wrong", what=wrong[0], expected=wrong[1]))
        return value

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        found = urlsplit(url or "http://localhost")  # raises ValueError, too
        if found.scheme not in ("http", "https") or not found.hostname:
            raise ValueError("not an address, such as https://warnings.college.example")
        return url

    @field_validator("hosts")
    @classmethod
    def _names(cls, names: str) -> str:
        for one in filter(None, map(str.strip, names.split(","))):
            if not _NAME.fullmatch(one):
                raise ValueError(f"{one} is not a name, such as warnings.college.example")
        return names

    @field_validator("proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        for one in filter(None, map(str.strip, text.split(","))):
            try:
                ip_network(one)
            except ValueError as error:
                raise ValueError(f"{error}: an address or a network, such as 10.0.0.7 or 10.1.0.0/16") from None
        return text

    @field_validator("proxy_user")
    @classmethod
    def _a_header(cls, name: str, info: ValidationInfo) -> str:
        if name and not _HEADER.fullmatch(name):
            raise ValueError("not the name of a header, such as X-Remote-User")
        if name and info.data.get("proxies") == "":
            raise ValueError("nobody would be believed: PREWARN_PROXIES names no proxy")
        return name

    @property
    def proxy_networks(self) -> list[IPv4Network | IPv6Network]:
        """The proxies that are believed."""
        return [ip_network(one) for one in filter(None, map(str.strip, self.proxies.split(",")))]

    @property
    def root_path(self) -> str:
        """The sub-path of all pages, without a slash at its end."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def host_names(self) -> frozenset[str]:
        """The names under which this service is asked, in small letters and without ports."""
        public = urlsplit(self.public_url).hostname or ""
        return frozenset(
            {"localhost", self.host.lower(), public, *map(str.strip, self.hosts.lower().split(","))} - {""}
        )

    @property
    def broker_list(self) -> list[str]:
        """The brokers' addresses. Raises SettingError if there are none, or one is not `host:port`."""
        brokers = [one.strip() for one in (self.brokers or "").split(",") if one.strip()]
        if not brokers:
            raise SettingError(say("app.no_kafka_named_set_prewarn"))
        for one in brokers:
            if not _ADDRESS.fullmatch(one):
                raise SettingError(say("app.brokers_not_address", one=one))
        return brokers

    @property
    def records_url(self) -> str:
        """The database that all ingest processes of the cluster share. Raises SettingError if none is named."""
        if not self.database_url:
            raise SettingError(say("app.no_database_named_set_prewarn"))
        return self.database_url

    @property
    def grouping(self) -> tuple[timedelta, timedelta, timedelta]:
        """How long a message waits for others, and the next one behind it, and what nobody takes up."""
        return (
            timedelta(seconds=self.group_wait),
            timedelta(seconds=self.group_interval),
            timedelta(seconds=self.repeat),
        )

    @property
    def mail_server(self) -> str | None:
        """An Apprise URL without a recipient. Raises SettingError if it is none of mail."""
        if self.mail is None:
            return None
        url = self.mail.get_secret_value()
        named = [part.partition("=")[0] for part in url.partition("?")[2].lower().split("&")]
        if not url.lower().startswith(("mailto://", "mailtos://")) or "to" in named:
            expected = "mailtos://user:password@host:465?from=address, without a recipient"
            raise SettingError(say("app.prewarn_mail_not_mail_server", expected=expected))
        return url

    @property
    def rules_folder(self) -> Path:
        """Where the rule files are."""
        if self.rules is not None:
            return self.rules
        # `rules.old` is there without `rules` only where a publication was cut short (rules/registry/files.py).
        places = (self.home / "rules", self.home / "rules.old")
        return next((place for place in places if place.exists()), resource("rules"))  # a file there is refused later

    @property
    def directory_folder(self) -> Path:
        """Where the directory's files are."""
        return self.home / "directory"

    @property
    def store_url(self) -> str:
        """SQLAlchemy address of notify's store."""
        return self.database_url or f"sqlite:///{(self.home / 'notify.db').resolve()}"

    @property
    def retention_file(self) -> Path:
        """Where the college says how long what is kept."""
        return self.home / "retention.yaml"

    @property
    def has_store(self) -> bool:
        """Whether notify's store is there already, or is a server's."""
        return self.database_url is not None or (self.home / "notify.db").exists()

    @property
    def opens_here_alone(self) -> bool:
        """Whether `public_url` leads nowhere from another machine, as nobody has said an address that does."""
        return self.base_url is None and self.host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::")  # noqa: S104

    @property
    def public_url(self) -> str:
        """Address of the pages, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def read_settings(home: Path | None) -> Settings:
    """From the environment and `--home`. Raises SettingError with every variable that is wrong."""
    try:
        return Settings() if home is None else Settings(home=home)
    except ValidationError as error:
        wrong = [
            say("app.setting_wrong", variable=_variable(one["loc"]), error=_why(one), value=_shown(one))
            for one in error.errors()
        ]
        raise SettingError(*wrong) from None


def _why(error: ErrorDetails) -> Message | str:
    cause = error.get("ctx", {}).get("error")
    said = cause.args[0] if isinstance(cause, ValueError) and cause.args else None
    return said if isinstance(said, Message) else error["msg"]


def _shown(error: ErrorDetails) -> str:
    text = repr(error["input"])
    if _variable(error["loc"]) in _SECRET:
        return "…"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def unknown_names(environment: Mapping[str, str]) -> list[Message]:
    """The variables that look like ours and are none, each with what may be meant."""
    known = {_variable((name,)) for name in Settings.model_fields} | _ELSEWHERE
    return [
        say(
            "app.unknown_variable",
            variable=one,
            nearest=nearest(one, known) or "services/settings.py",
        )
        for one in sorted(environment)
        if one.startswith("PREWARN_") and one not in known
    ]


def _variable(place: tuple[int | str, ...]) -> str:
    name = str(place[0])
    return name if name.isupper() else f"PREWARN_{name.upper()}"
