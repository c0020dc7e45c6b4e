"""Rule tests as data: `*.test.yaml` → cases, run on the engine alone; what fails is told with file:line:col."""

from services.operate.rule_tests.cases import RuleTest
from services.operate.rule_tests.coverage import Coverage, coverage
from services.operate.rule_tests.files import read_rule_tests
from services.operate.rule_tests.running import Notification, Notifier, RuleTestResult, RuleTestRunner, WarningState

__all__ = [
    "Coverage",
    "Notification",
    "Notifier",
    "RuleTest",
    "RuleTestResult",
    "RuleTestRunner",
    "WarningState",
    "coverage",
    "read_rule_tests",
]
