"""What generated conditions may call. None stands for "no result" (docs/rules.md, conditions and expressions)."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable
from typing import Any

from services.rules.engine.plan import MILLIONTHS

trouble: deque[str] = deque(maxlen=1)
"""Why the last expression that failed had no result, nulls apart."""


def _null_safe(operation: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*operands: Any) -> Any:
        if None in operands:
            return None
        try:
            return operation(*operands)
        except ZeroDivisionError:
            trouble.append("division_by_zero")
        except (ArithmeticError, ValueError, TypeError):
            trouble.append("overflow")
        return None

    return apply


def _compared(operation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda a, b: a is not None and b is not None and operation(a, b)


def _coalesce(*operands: Any) -> Any:
    return next((operand for operand in operands if operand is not None), None)


def _bounded(number: float | None, limit: float) -> float | None:
    if number is None or -limit <= number <= limit:
        return number
    trouble.append("out_of_bounds")
    return None


def _scaled(number: float | None) -> int | None:
    """A number in millionths, half to even."""
    return None if number is None else round(number * MILLIONTHS)


def counted_in(counts: dict[Any, int] | None, key: Any) -> dict[Any, int] | None:
    """One more of the key, unless it is None."""
    if key is None:
        return counts
    counts = {} if counts is None else counts
    counts[key] = counts.get(key, 0) + 1
    return counts


def counted_out(counts: dict[Any, int] | None, key: Any) -> None:
    """One less of the key."""
    if key is None or counts is None:
        return
    if counts[key] == 1:
        del counts[key]
    else:
        counts[key] -= 1


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "scaled": _scaled,
    "counted_in": counted_in,
    "counted_out": counted_out,
    "added": _null_safe(operator.add),
    "subtracted": _null_safe(operator.sub),
    "multiplied": _null_safe(operator.mul),
    "divided": _null_safe(operator.truediv),
    "floored": _null_safe(operator.floordiv),
    "modulo": _null_safe(operator.mod),
    "negated": _null_safe(operator.neg),
    "absolute": _null_safe(abs),
    "least": _null_safe(min),
    "greatest": _null_safe(max),
    "rounded": _null_safe(round),
    "coalesce": _coalesce,
    "bounded": _bounded,
    "eq": _compared(operator.eq),
    "ne": _compared(operator.ne),
    "lt": _compared(operator.lt),
    "le": _compared(operator.le),
    "gt": _compared(operator.gt),
    "ge": _compared(operator.ge),
    "instant": lambda moment: None if moment is None else int(moment.timestamp() * 1000),
}
