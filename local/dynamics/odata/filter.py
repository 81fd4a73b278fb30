"""$filter: parsed by odata-query, compiled to a predicate over rows with the product's limits."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.errors import Messages

Value = Callable[[Row], Any]
# odata-query has no enum literals: Namespace.Type'X' is rewritten to 'X'.
_ENUM_LITERAL = re.compile(r"\b([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)'([^']*)'")
# Where the product wants options typed, the type travels inside the text, behind a character that no filter holds.
_TYPED = "\x00"
_COMPARATORS: Mapping[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "tolower": str.lower,
    "toupper": str.upper,
    "trim": str.strip,
    "length": len,
}


@dataclass(frozen=True)
class FilterRules:
    """What the product's filters allow."""

    or_across_fields: bool = True
    lambdas_ignored: bool = False
    functions: bool = True
    membership: bool = True  # the operator in
    ignore_case: bool = False
    wildcards: bool = False  # * in a text that eq or ne compares with
    typed_enums: bool = False  # an option is written Namespace.Type'X', and only eq and ne compare it


@dataclass(frozen=True)
class Filter:
    """A compiled filter and the equalities that must hold, by which an index can be used."""

    matches: Callable[[Row], bool]
    equalities: Mapping[str, Any]


def comparable(kind: str, value: Any) -> Any:
    """Return the value in a form that compares by meaning: instants as datetime, the rest as it is."""
    if kind == "Edm.DateTimeOffset" and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value


def field_names(node: Any) -> Iterator[str]:
    """Yield the names of the properties that an expression reads."""
    if isinstance(node, ast.Identifier):
        yield node.name
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from field_names(argument)
    elif isinstance(node, ast.BoolOp | ast.Compare):
        yield from field_names(node.left)
        yield from field_names(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from field_names(node.operand)


class FilterCompiler:
    """Compiles filters on one entity set."""

    def __init__(self, entity_set: EntitySet, rules: FilterRules, messages: Messages) -> None:
        self._entity_set = entity_set
        self._rules = rules
        self._messages = messages

    def compile(self, text: str) -> Filter:
        """Return the compiled filter or raise the product's error."""
        try:
            typed = rf"'{_TYPED}\1{_TYPED}\2'" if self._rules.typed_enums else r"'\2'"
            tree = ODataParser().parse(ODataLexer().tokenize(_ENUM_LITERAL.sub(typed, text)))
        except ODataException as error:
            raise self._messages.error("bad_filter", filter=text, reason=error) from error
        predicate = self._value(tree)
        usable = not (self._rules.ignore_case or self._rules.wildcards or self._rules.typed_enums)
        return Filter(self._guarded(predicate, text), dict(self._equalities(tree)) if usable else {})

    def _guarded(self, predicate: Value, text: str) -> Callable[[Row], bool]:
        def matches(row: Row) -> bool:
            try:
                return bool(predicate(row))
            except TypeError as error:
                raise self._messages.error("bad_filter", filter=text, reason="incompatible types") from error

        return matches

    def _value(self, node: Any) -> Value:
        compilers: Mapping[type, Callable[[Any], Value]] = {
            ast.Identifier: self._property,
            ast.Compare: self._compare,
            ast.BoolOp: self._bool_op,
            ast.UnaryOp: self._unary,
            ast.Call: self._call,
            ast.CollectionLambda: self._lambda,
        }
        return compilers.get(type(node), self._literal)(node)

    def _property(self, node: Any) -> Value:
        field = self._entity_set.fields.get(node.name)
        if field is None:
            raise self._messages.error("unknown_query_property", property=node.name, type=self._entity_set.type_name)
        return lambda row: comparable(field.type, row[field.name])

    def _literal(self, node: Any) -> Value:
        literal = _literal_value(node)
        if literal is NotImplemented:
            raise self._messages.error("bad_filter", filter=type(node).__name__, reason="not supported")
        return lambda _row: literal

    def _compare(self, node: Any) -> Value:
        if self._rules.typed_enums:
            node = self._untyped(node)
        left, right = self._value(node.left), self._value(node.right)
        self._check_option(node)
        if isinstance(node.comparator, ast.In):
            if not self._rules.membership:
                raise self._messages.error("bad_filter", filter="in", reason="the operator is not supported")
            choices = right({})
            return lambda row: left(row) in choices
        compare = self._comparator(node.comparator)
        return lambda row: compare(left(row), right(row))

    def _comparator(self, node: Any) -> Callable[[Any, Any], bool]:
        compare = _null_safe(_COMPARATORS[type(node)])
        if self._rules.wildcards and isinstance(node, ast.Eq | ast.NotEq):
            compare = _like if isinstance(node, ast.Eq) else lambda left, right: not _like(left, right)
        if self._rules.ignore_case:
            return lambda left, right: compare(_folded(left), _folded(right))
        return compare

    def _untyped(self, node: Any) -> Any:
        """Check an option's type and take it away."""
        field = self._entity_set.fields.get(node.left.name) if isinstance(node.left, ast.Identifier) else None
        wanted = f"{_TYPED}{field.enum}{_TYPED}" if field is not None and field.options else ""
        given = node.right.val if isinstance(node.right, ast.String) else ""
        if wanted and isinstance(node.comparator, ast.Eq | ast.NotEq) and given.startswith(wanted):
            return replace(node, right=ast.String(given.removeprefix(wanted)))
        if wanted or given.startswith(_TYPED):
            name = node.left.name if isinstance(node.left, ast.Identifier) else "an expression"
            shown = given.replace(_TYPED, " ").strip()
            reason = f"{name} is compared by eq or ne with {field.enum if field else 'a literal of its type'}'…'"
            raise self._messages.error("bad_filter", filter=shown, reason=reason)
        return node

    def _check_option(self, node: Any) -> None:
        field = self._entity_set.fields.get(node.left.name) if isinstance(node.left, ast.Identifier) else None
        if field is None or not field.options or not isinstance(node.right, ast.String):
            return
        if node.right.val not in field.options:
            raise self._messages.error(
                "wrong_option", property=field.name, value=node.right.val, options=",".join(field.options)
            )

    def _bool_op(self, node: Any) -> Value:
        left, right = self._value(node.left), self._value(node.right)
        if isinstance(node.op, ast.And):
            return lambda row: left(row) and right(row)
        if not self._rules.or_across_fields and len(set(field_names(node))) > 1:
            raise self._messages.error("or_across_fields")
        return lambda row: left(row) or right(row)

    def _unary(self, node: Any) -> Value:
        operand = self._value(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda row: not operand(row)
        return lambda row: -operand(row)

    def _call(self, node: Any) -> Value:
        function = _FUNCTIONS.get(node.func.name) if self._rules.functions else None
        if function is None:
            raise self._messages.error("bad_filter", filter=node.func.name, reason="unknown function")
        arguments = [self._value(argument) for argument in node.args]
        return lambda row: function(*(argument(row) for argument in arguments))

    def _lambda(self, node: Any) -> Value:
        if not self._rules.lambdas_ignored:
            raise self._messages.error("bad_filter", filter=node.owner.name, reason="lambda operators")
        return lambda _row: True

    def _equalities(self, node: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            yield from self._equalities(node.left)
            yield from self._equalities(node.right)
        elif isinstance(node, ast.Compare) and isinstance(node.comparator, ast.Eq):
            yield from _equality(node.left, node.right)


def _null_safe(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Null is neither less nor greater than anything."""
    if compare in (operator.eq, operator.ne):
        return compare
    return lambda left, right: left is not None and right is not None and compare(left, right)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _like(value: Any, pattern: Any) -> bool:
    """Compare with a text in which * stands for any characters."""
    if not isinstance(value, str) or not isinstance(pattern, str) or "*" not in pattern:
        return bool(value == pattern)
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL) is not None


def _equality(left: Any, right: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(left, ast.Identifier) and isinstance(right, ast.String | ast.GUID):
        yield left.name, _literal_value(right)


def _literal_value(node: Any) -> Any:
    """Return the literal as rows hold it, NotImplemented for what is no literal."""
    if isinstance(node, ast.List):
        return [_literal_value(item) for item in node.val]
    if isinstance(node, ast.Integer | ast.Float):
        return Decimal(node.val)
    if isinstance(node, ast.GUID):
        return node.val.lower()
    if isinstance(node, ast.DateTime):
        return comparable("Edm.DateTimeOffset", node.val)
    if isinstance(node, ast.Date):
        return node.val
    return node.py_val if isinstance(node, ast.String | ast.Boolean | ast.Null) else NotImplemented
