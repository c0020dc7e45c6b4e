"""Records, and the conditions and expressions over their fields, for the slow evaluator: docs/rules.md once more."""

import ast
import io
import keyword
import operator
import tokenize
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, NamedTuple

MICRO = 1_000_000


class Record(NamedTuple):
    ms: int
    source: str
    id: str
    kind: str
    data: dict[str, Any]
    known: dict[Any, Any]  # results of expressions on this record, by their text

    @property
    def name(self) -> str:
        return f"{self.source} {self.id}"

    @property
    def order(self) -> tuple[int, str, str]:
        return (self.ms, self.source, self.id)


def satisfies(condition: str | bool, record: Record) -> bool:
    return result(condition, record) is True


def number(expression: Any, record: Record) -> float | None:
    value = result(expression, record)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 10**15
    return value if is_number else None


def micro(expression: Any, record: Record) -> int | None:
    """The number in millionths, half to even: what all but value, min, max and rank are made of."""
    value = number(expression, record)
    return None if value is None or abs(value) > 10**9 else round(Fraction(value) * MICRO)


def result(expression: Any, record: Record) -> Any:
    if not isinstance(expression, str):
        return expression
    if expression not in record.known:
        record.known[expression] = interpret(parse(expression), record.data)
    return record.known[expression]


@lru_cache(None)
def parse(expression: str) -> ast.expr:
    """The tree; fields that are named like a word of Python (`class`, `from`) get an underscore in front."""
    tokens = tokenize.generate_tokens(io.StringIO(f"({expression})").readline)
    words = [(kind, f"_{text}" if text in RESERVED else text) for kind, text, *_ in tokens]
    return ast.parse(tokenize.untokenize(words).strip(), mode="eval").body


def strict(function: Callable[..., Any], *operands: Any) -> Any:
    """No result with a null among the operands, on division by zero, or where the types do not go together."""
    if any(operand is None for operand in operands):
        return None
    try:
        return function(*operands)
    except (ArithmeticError, TypeError, ValueError):
        return None


def any_of(values: list[Any]) -> Any:
    return True if any(value is True for value in values) else None if None in values else False


def all_of(values: list[Any]) -> Any:
    return strict(operator.not_, any_of([strict(operator.not_, value) for value in values]))


RESERVED = set(keyword.kwlist) - {"and", "or", "not", "in", "if", "else", "True", "False"}
WORDS = {"true": True, "false": False}
OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.USub: operator.neg, ast.UAdd: operator.pos,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Not: operator.not_,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
STRICT_CALLS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max, "round": round}
CALLS: dict[str, Callable[..., Any]] = {
    "has": lambda value: value is not None,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    **{name: partial(strict, function) for name, function in STRICT_CALLS.items()},
}


def interpret(node: ast.expr, data: dict[str, Any]) -> Any:
    """The value of the expression; None is null: no result."""
    of = partial(interpret, data=data)
    match node:
        case ast.Constant(value=value):
            found = value
        case ast.Name(id=name):
            found = WORDS[name] if name in WORDS else data.get(name[1:] if name[1:] in RESERVED else name)
        case ast.BoolOp(op=op, values=values):
            found = (any_of if isinstance(op, ast.Or) else all_of)([of(value) for value in values])
        case ast.UnaryOp(op=op, operand=operand):
            found = strict(OPERATORS[type(op)], of(operand))
        case ast.BinOp(left=left, op=op, right=right):
            found = strict(OPERATORS[type(op)], of(left), of(right))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            found = all_of([compare(of(a), op, b, of) for a, op, b in zip([left, *rights], ops, rights, strict=False)])
        case ast.IfExp(test=test, body=body, orelse=orelse):
            found = of(body) if of(test) is True else of(orelse)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            found = CALLS[name](*map(of, arguments))
        case _:
            raise ValueError(f"not of the language: {ast.unparse(node)}")
    return found


def compare(left: Any, op: ast.cmpop, right: ast.expr, of: Callable[[ast.expr], Any]) -> Any:
    if not isinstance(op, ast.In | ast.NotIn):
        return strict(OPERATORS[type(op)], left, of(right))
    found = any_of([strict(operator.eq, left, of(item)) for item in right.elts])  # type: ignore[attr-defined]
    return found if isinstance(op, ast.In) else strict(operator.not_, found)
