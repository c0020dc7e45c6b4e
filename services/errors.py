"""Every exception that Prewarn raises on purpose.

    PrewarnError
    ├── ConfigurationError      a setting, a folder or a profile that cannot be worked with
    │   └── SettingError        … and to start the process anew cannot help
    │       └── DamagedError    what was kept cannot be read, or does not belong together
    ├── ProblemsError           input of people, refused whole, with everything that is wrong in it
    │   ├── DirectoryError      the directory's files
    │   └── RuleError           rule files, standards, calendar
    ├── LogError                the log or the state cannot be read or written
    │   └── BrokerError         … because Kafka does not answer, or refuses
    ├── UnstorableError         a value that the store cannot hold, however often one tries
    ├── SignInError             somebody was not signed in; `why` says whether they, or the provider, can mend it
    └── DeliveryError           a channel did not take a message; `permanent` says whether trying again can help

Bad *events* are not exceptions: they are `messages.Rejection` values on a stream of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from services.messages import Message, Problem

Refused = Literal["message", "address", "account"]
"""What a provider does not want: this message, whatever goes to the address, or whatever is sent with its login."""

NotSignedIn = Literal["cancelled", "refused", "provider"]
"""The person did not go on; the attempt does not hold, and a new one may; the provider or the settings are wrong."""


class PrewarnError(Exception):
    """The root: whatever derives from it is told to the user in sentences, one a line, without a traceback."""

    def __init__(self, *sentences: Message | str) -> None:
        self.sentences = sentences
        super().__init__("\n".join(map(str, sentences)))


class ConfigurationError(PrewarnError):
    """A setting, a folder or a profile cannot be worked with."""


class SettingError(ConfigurationError):
    """A setting is missing or wrong: only another one helps, so the exit code is 78."""


class DamagedError(SettingError):
    """What was kept cannot be read, or the stores do not belong together: only a person can help (exit code 78)."""


class ProblemsError(PrewarnError):
    """Input that was refused as a whole; `problems` holds everything that is wrong with it, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(*map(str, self.problems))


class DirectoryError(ProblemsError):
    """The directory's files contradict themselves or cannot be read."""


class RuleError(ProblemsError):
    """Rule files, standards or the calendar are wrong; the rule set that was active stays active."""


class LogError(PrewarnError):
    """The log or the state cannot be read or written; nothing was acknowledged."""


class BrokerError(LogError):
    """Kafka does not answer, or refuses; nothing was acknowledged. Trying again is harmless."""


class UnstorableError(PrewarnError):
    """A value that the store cannot hold, however often one tries; nothing of the transaction was written."""


class SignInError(PrewarnError):
    """A sign-in provider did not say who somebody is. The sentence is for the person, and holds no secret."""

    def __init__(self, message: Message, *, why: NotSignedIn) -> None:
        self.message, self.why = message, why
        super().__init__(message)


class DeliveryError(PrewarnError):
    """A channel did not take a message. `permanent`: trying again cannot help (wrong address, refused token)."""

    def __init__(self, message: Message | str, *, permanent: bool, refused: Refused = "message") -> None:
        self.permanent, self.refused = permanent, refused
        super().__init__(message)


class AddressError(DeliveryError):
    """What should be the address of a channel is none."""

    def __init__(self, message: Message | str) -> None:
        super().__init__(message, permanent=True, refused="address")
