"""Conditions and numbers over the fields of an event kind: a checked subset of Python expressions, compiled to source.

Three-valued: what has a null in it has no result, and a condition without a result is not satisfied. `not` is pushed
down to the comparisons, where a null makes either form false; that is exact for this logic.
"""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass
from typing import Any

from services.i18n import say
from services.messages import Message
from services.rules.engine.plan import TEACHING_DAY
from services.rules.language import slips
from services.rules.language.fields import Field
from services.rules.language.reading import LARGEST_NUMBER, Place, Report, known_words

_LONGEST = 1000
_DEEPEST = 40
_MOST_PRODUCTS = 8
_LONGEST_SOURCE = 20_000
_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("==", "eq"),
    ast.NotEq: ("!=", "ne"),
    ast.Lt: ("<", "lt"),
    ast.LtE: ("<=", "le"),
    ast.Gt: (">", "gt"),
    ast.GtE: (">=", "ge"),
}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_NAMES = dict(_COMPARISONS.values())
_OPERATIONS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "added"),
    ast.Sub: ("-", "subtracted"),
    ast.Mult: ("*", "multiplied"),
    ast.Div: ("/", "divided"),
    ast.FloorDiv: ("//", "floored"),
    ast.Mod: ("%", "modulo"),
}
_TAKES = {"abs": (1, 1), "min": (2, 9), "max": (2, 9), "round": (1, 2), "coalesce": (1, 9)}
"""How many arguments at least and at most."""
_FUNCTIONS = {"abs": "absolute", "min": "least", "max": "greatest", "round": "rounded", "coalesce": "coalesce"}


_FIELD_KEYWORDS = {"class": "clas_", "from": "fro_"}
_TEACHING_DAY = "teaching_day"
"""Whether the day of the record is one: what no kind needs a field for."""
_TRUTH = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""Words that YAML 1.1 reads as truth values."""
_KEYWORDS = {short: word for word, short in _FIELD_KEYWORDS.items()}


@dataclass(frozen=True)
class Typed:
    """Source of a value with what is known of it."""

    source: str
    type: str
    """number, string, boolean, date-time; `unknown` where an error was already reported."""
    nullable: bool = False
    whole: bool = False
    values: tuple[str, ...] = ()
    """The only words that a string field can hold."""


_UNKNOWN = Typed("None", "unknown", nullable=True)


class _Refused(Exception):  # noqa: N818 - not an error: the way out of a branch, caught below
    """The expression cannot be compiled; the reason is in the report."""


class Expression:
    """Compiles one expression against the fields of a kind."""

    def __init__(self, place: Place, known: dict[str, Field], kind: str, report: Report) -> None:
        self.place, self.known, self.kind, self.report = place, known, kind, report

    def condition(self) -> str:
        """Source that is truthy exactly when the condition is satisfied."""
        if isinstance(self.place.value, bool):
            return str(self.place.value)
        tree = self._parse()
        return "False" if tree is None else self._guarded(lambda: self._condition(tree, negated=False), "False")

    def number(self, limit: float) -> tuple[str, bool]:
        """Source of a number not beyond the limit, else None, and whether it is always a whole one."""
        tree = self._parse()
        if tree is None:
            return "None", True
        typed = self._guarded(lambda: self._value(tree), _UNKNOWN)
        if typed.type not in ("number", "unknown"):
            self._problem(tree, say("rules.is_a", type=typed.type), say("input.number"))
        plain = isinstance(tree, ast.Name) and typed.whole  # schemas bound whole ones
        return typed.source if plain else f"bounded({typed.source}, {limit!r})", typed.whole

    def _guarded(self, compile_: Any, otherwise: Any) -> Any:
        try:
            return compile_()
        except _Refused:
            return otherwise

    def _problem(self, node: ast.AST, what: Message | str, expected: Message | str = "") -> None:
        offset = getattr(node, "col_offset", 0) + (1 if self.place.quoted else 0)
        self.report.add(self.place, what, expected, offset=offset)

    def _refuse(self, node: ast.AST, what: Message | str, expected: Message | str = "") -> _Refused:
        self._problem(node, what, expected)
        return _Refused()

    def _parse(self) -> ast.expr | None:
        text = self.place.text
        if isinstance(self.place.value, (dict, list)) or not text.strip():
            given = isinstance(self.place.value, (dict, list))
            right = "rules.expression_over_one_record" if given else "rules.such_as_status_absent"
            self.report.add(self.place, say("rules.expression_missing"), say(right))
            return None
        if len(text) > _LONGEST:
            self.report.add(
                self.place,
                say("rules.expression_has_characters", length=len(text)),
                say("rules.at_most", most=_LONGEST),
            )
            return None
        if (slip := slips.misread_in(text)) is not None:
            self._slipped(slip)
            return None
        return self._tree(text)

    def _tree(self, text: str) -> ast.expr | None:
        try:
            tree = ast.parse(_without_keywords(text), mode="eval").body
            too_much = _too_much(tree)
        except SyntaxError as error:
            slip = slips.of_expression(text)
            begin = max((error.offset or 1) - 1, 0)
            self._slipped(slip or (begin, error.msg, say("rules.such_as_status_absent")))
        except (ValueError, RecursionError, MemoryError):
            self.report.add(self.place, say("rules.not_expression_that_can_be"))
        else:
            if too_much is None:
                return tree
            self.report.add(self.place, *too_much)
        return None

    def _slipped(self, slip: slips.Slip) -> None:
        begin, sign, right = slip
        offset = begin + (1 if self.place.quoted else 0)
        self.report.add(self.place, say("rules.not_expression", msg=sign), right, offset=offset)

    def _condition(self, node: ast.expr, *, negated: bool) -> str:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._condition(node.operand, negated=not negated)
        if isinstance(node, ast.BoolOp):
            both = isinstance(node.op, ast.And) != negated
            parts = [self._condition(value, negated=negated) for value in node.values]
            return f"({(' and ' if both else ' or ').join(parts)})"
        if isinstance(node, ast.Compare):
            return self._comparison(node, negated=negated)
        if isinstance(node, ast.Call) and _called(node) == "has":
            return self._has(node, negated=negated)
        value = self._value(node)
        if value.type not in ("boolean", "unknown"):
            right = say("rules.comparison_such_as_hours_0")
            if (field := self._field(node)) is not None and field.nullable:
                right = say("rules.has_or_comparison", name=ast.unparse(node))
            elif value.type == "string":
                right = say("rules.comparison_in_each")
            raise self._refuse(node, say("rules.not_condition", type=value.type), right)
        return f"({value.source} is {not negated})"

    def _has(self, node: ast.Call, *, negated: bool) -> str:
        if len(node.args) != 1 or node.keywords:
            raise self._refuse(node, say("rules.has_takes_one_field"), "has(score)")
        value = self._value(node.args[0])
        return f"({value.source} is {'None' if negated else 'not None'})" if value.nullable else str(not negated)

    def _comparison(self, node: ast.Compare, *, negated: bool) -> str:
        parts = []
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)):
                parts.append(self._within(left, right, inside=isinstance(operator, ast.In) != negated))
            elif type(operator) in _COMPARISONS:
                sign = _COMPARISONS[type(operator)][0]
                parts.append(self._compare(node, left, _OPPOSITE[sign] if negated else sign, right))
            else:
                has = f"has({ast.unparse(left)})" if _is_nothing(right) else None
                right_ = f"not {has}" if has and isinstance(operator, ast.Is) else has
                what = say("rules.this_comparison_not_in_language")
                raise self._refuse(node, what, right_ or say("rules.in_or_has_x"))
            left = right
        return f"({(' or ' if negated else ' and ').join(parts)})"

    def _compare(self, node: ast.expr, left: ast.expr, sign: str, right: ast.expr) -> str:
        for one, other in ((left, right), (right, left)):
            self._no_null(one, other, sign)
            self._no_bare_word(one, other)
        a, b = self._value(left), self._value(right)
        self._same_type(node, a, b)
        for field, other in ((a, right), (b, left)):
            if field.values and isinstance(other, ast.Constant):
                self._known_word(other, field.values)
        if not (a.nullable or b.nullable):
            return f"{a.source} {sign} {b.source}"
        return f"{_NAMES[sign]}({a.source}, {b.source})"

    def _within(self, left: ast.expr, right: ast.expr, *, inside: bool) -> str:
        if not isinstance(right, (ast.List, ast.Tuple, ast.Set)) or not right.elts:
            raise self._refuse(right, say("rules.in_needs_list"), '["present", "late"]')
        a = self._value(left)
        for item in right.elts:
            self._no_bare_word(item, left)
        options = [self._value(item) for item in right.elts]
        for item, option in zip(right.elts, options, strict=True):
            self._same_type(item, a, option)
            if a.values:
                self._known_word(item, a.values)
        listed = "(" + "".join(f"{option.source}, " for option in options) + ")"
        guard = f"{a.source} is not None and " if a.nullable else ""
        if not inside:  # not known to be another one if one of them is null
            guard += "".join(f"{option.source} is not None and " for option in options if option.nullable)
        return f"({guard}{a.source} {'in' if inside else 'not in'} {listed})"

    def _no_null(self, node: ast.expr, other: ast.expr, sign: str) -> None:
        """Refuses a comparison with nothing: that is what `has` asks."""
        if _is_nothing(node) and not (isinstance(node, ast.Name) and node.id in self.known):
            right = f"has({ast.unparse(other)})"
            what = say("rules.not_in_language", word=ast.unparse(node))
            raise self._refuse(node, what, right if sign in ("!=", ">", ">=") else f"not {right}")

    def _no_bare_word(self, node: ast.expr, other: ast.expr) -> None:
        """Refuses a word without quotes beside a field that holds words."""
        field = self._field(other)
        if not isinstance(node, ast.Name) or node.id in ("true", "false") or self._field(node) is not None:
            return
        if field is not None and field.type == "string":
            name = _KEYWORDS.get(node.id, node.id)
            what = say("rules.has_no_field", kind=self.kind, name=name)
            raise self._refuse(node, what, slips.of_word(name, field.values))

    def _field(self, node: ast.expr) -> Field | None:
        return self.known.get(_KEYWORDS.get(node.id, node.id)) if isinstance(node, ast.Name) else None

    def _same_type(self, node: ast.expr, a: Typed, b: Typed) -> None:
        if "unknown" not in (a.type, b.type) and a.type != b.type:
            dated = {a.type, b.type} & {"date-time"} and {a.type, b.type} & {"string", "number"}
            right = say("rules.conditions_know_no_dates") if dated else say("rules.on_both_sides", type=a.type)
            self._problem(node, say("rules.compares_with", right=a.type, left=b.type), right)

    def _known_word(self, node: ast.expr, values: tuple[str, ...]) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in values:
            self._problem(node, say("rules.no_such_value", value=node.value), known_words(node.value, values))

    def _value(self, node: ast.expr) -> Typed:  # noqa: PLR0911 - one per form of the language
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            operand = self._numeric(node.operand)
            if isinstance(node.op, ast.UAdd):
                return operand
            source = f"negated({operand.source})" if operand.nullable else f"(-{operand.source})"
            return Typed(source, "number", operand.nullable, operand.whole)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.IfExp):
            return self._choice(node)
        word = type(node).__name__.lower()
        if isinstance(node, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
            raise self._refuse(node, say("rules.not_in_language", word=word), say("rules.number_of_a_condition"))
        if isinstance(node, ast.Tuple) and isinstance(node.elts[-1], ast.Constant):
            number = type(node.elts[-1].value) is int
            right = "rules.point_in_number_such_as" if number else "rules.whole_words_only"
            raise self._refuse(node, say("rules.not_in_language", word=word), say(right))
        raise self._refuse(
            node, say("rules.not_in_language", word=word), say("rules.fields_numbers_strings_comparisons_or")
        )

    def _constant(self, node: ast.Constant) -> Typed:
        value = node.value
        if isinstance(value, bool):
            return Typed(str(value), "boolean")
        if isinstance(value, (int, float)):
            if abs(value) > LARGEST_NUMBER:
                raise self._refuse(node, say("rules.number_too_large"), say("rules.at_most_1e15"))
            return Typed(repr(value), "number", whole=isinstance(value, int))
        if isinstance(value, str):
            return Typed(repr(value), "string")
        raise self._refuse(node, say("rules.not_in_language", word=repr(value)), say("rules.number_or_word_in_quotes"))

    def _name(self, node: ast.Name) -> Typed:
        if node.id in ("true", "false"):
            return Typed(node.id.capitalize(), "boolean")
        name = _KEYWORDS.get(node.id, node.id)
        field = self.known.get(name)
        if field is None and name == _TEACHING_DAY:
            return Typed(TEACHING_DAY, "boolean")
        if field is None and name.lower() in _TRUTH:
            raise self._refuse(node, say("rules.has_no_field", kind=self.kind, name=name), _TRUTH[name.lower()])
        if field is None:
            raise self._refuse(
                node,
                say("rules.has_no_field", kind=self.kind, name=name),
                slips.of_field(name, self.known) or known_words(name, self.known),
            )
        simple = "number" if field.type in ("integer", "number") else field.type
        return Typed(f"f_{name}", simple, field.nullable, field.type == "integer", field.values)

    def _numeric(self, node: ast.expr) -> Typed:
        typed = self._value(node)
        if typed.type not in ("number", "unknown"):
            raise self._refuse(node, say("rules.cannot_calculate_with", type=typed.type), say("input.number"))
        return typed

    def _operation(self, node: ast.BinOp) -> Typed:
        if type(node.op) not in _OPERATIONS:
            raise self._refuse(node, say("rules.this_operation_not_in_language"), "+ - * / // %")
        sign, name = _OPERATIONS[type(node.op)]
        a, b = self._numeric(node.left), self._numeric(node.right)
        divides = sign in ("/", "//", "%")
        safe_divisor = isinstance(node.right, ast.Constant) and node.right.value != 0
        nullable = a.nullable or b.nullable or (divides and not safe_divisor)
        source = f"{name}({a.source}, {b.source})" if nullable else f"({a.source} {sign} {b.source})"
        return Typed(source, "number", nullable, a.whole and b.whole and sign != "/")

    def _choice(self, node: ast.IfExp) -> Typed:
        a, b = self._value(node.body), self._value(node.orelse)
        self._same_type(node, a, b)
        source = f"({a.source} if {self._condition(node.test, negated=False)} else {b.source})"
        if len(source) > _LONGEST_SOURCE:  # what stands between two comparisons is written out for each
            raise self._refuse(node, say("rules.expression_too_intricate"), say("rules.fewer_nested_conditions"))
        return Typed(source, a.type, a.nullable or b.nullable, a.whole and b.whole)

    def _call(self, node: ast.Call) -> Typed:
        name = _called(node)
        if name not in _FUNCTIONS or node.keywords or not node.args:
            known = known_words(name, [*_FUNCTIONS, "has"])
            right = say("rules.measure_not_function") if name in slips.AGGREGATES else known
            raise self._refuse(node, say("rules.cannot_be_called", name=name or "this"), right)
        least, most = _TAKES[name]
        if not least <= len(node.args) <= most:
            raise self._refuse(node, say("rules.takes_arguments", name=name, least=least, most=most))
        parts = [self._value(argument) for argument in node.args]
        digits = getattr(node.args[-1], "value", None)
        if name == "round" and len(parts) == 2 and digits not in range(10):  # noqa: PLR2004
            raise self._refuse(node.args[1], say("rules.round_takes_number_digits"), say("rules.whole_number_from_0_9"))
        for argument, part in zip(node.args, parts, strict=True):
            self._same_type(argument, parts[0], part)
        source = f"{_FUNCTIONS[name]}({', '.join(part.source for part in parts)})"
        if name == "coalesce":
            nullable = all(part.nullable for part in parts)
            return Typed(source, parts[0].type, nullable, all(part.whole for part in parts))
        for argument, part in zip(node.args, parts, strict=True):
            if part.type not in ("number", "unknown"):
                raise self._refuse(argument, say("rules.cannot_calculate_with", type=part.type), say("input.number"))
        return Typed(source, "number", nullable=True, whole=all(part.whole for part in parts))


def _without_keywords(text: str) -> str:
    """Fields may be named like a word of Python; those get a name of the same length that Python can read."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, IndentationError):
        return text
    for token in tokens:
        if token.type == tokenize.NAME and token.string in _FIELD_KEYWORDS and token.start[0] == 1:
            begin = token.start[1]
            text = text[:begin] + _FIELD_KEYWORDS[token.string] + text[begin + len(token.string) :]
    return text


def _is_nothing(node: ast.expr) -> bool:
    """Whether it is what other languages call a value that is not there."""
    nothing = isinstance(node, ast.Constant) and node.value is None
    return nothing or (isinstance(node, ast.Name) and node.id.lower() in slips.NOTHING)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _too_much(tree: ast.expr) -> tuple[Message, Message] | None:
    if _depth(tree) > _DEEPEST:
        return say("rules.expression_nested_too_deeply"), say("rules.at_most_levels", most=_DEEPEST)
    if sum(isinstance(node, ast.Mult) for node in ast.walk(tree)) > _MOST_PRODUCTS:
        return say("rules.expression_has_too_many_products"), say("rules.at_most", most=_MOST_PRODUCTS)
    return None


def _depth(node: ast.AST) -> int:
    return 1 + max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
