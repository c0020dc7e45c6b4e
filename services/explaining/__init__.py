"""The operators' questions put together: which standard, what does a rule say, why was somebody (not) warned.

Each needs rules and the directory, `why` also the log and notify's store; so they stand beside the composition roots.
"""

from services.explaining.rules import explain_rule, rule_lines
from services.explaining.standards import show_standards, standards_lines
from services.explaining.why import why, why_lines

__all__ = ["explain_rule", "rule_lines", "show_standards", "standards_lines", "why", "why_lines"]
