"""Filters as data: built here, evaluated over columns by the native part, embedded or on every worker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

_LITERALS = (type(None), bool, int, float, str, bytes, datetime)
_INFIX = {"and": "&", "or": "|"}
_PYTHON_NAMES = {"node_key": "key"}


class Expression:
    """A condition or number computed from the attributes of a node or edge.

    Compare, calculate, and combine with ``&``, ``|`` and ``~``; nulls follow SQL's three-valued logic and a filter keeps what is true.
    Literals are None, bool, int, float, str, bytes, datetime and date (its midnight, UTC).

    >>> (node("age") >= 18) & ~node("name").is_in(["ann", "bob"])
    ((node('age') >= 18) & ~node('name').is_in('ann', 'bob'))
    """

    __slots__ = ("_operation", "_arguments")
    __hash__ = None

    def __init__(self, operation: str, *arguments):
        self._operation = operation
        self._arguments = arguments

    def to_tuple(self) -> tuple:
        """What the native part reads: the operation's name, then its arguments."""
        return (self._operation, *(a.to_tuple() if isinstance(a, Expression) else a for a in self._arguments))

    def __bool__(self):
        raise TypeError("an expression has no truth value: combine expressions with & | ~ instead of and, or, not")

    def __eq__(self, other):
        return _binary("==", self, other)

    def __ne__(self, other):
        return _binary("!=", self, other)

    def __lt__(self, other):
        return _binary("<", self, other)

    def __le__(self, other):
        return _binary("<=", self, other)

    def __gt__(self, other):
        return _binary(">", self, other)

    def __ge__(self, other):
        return _binary(">=", self, other)

    def __add__(self, other):
        return _binary("+", self, other)

    def __radd__(self, other):
        return _binary("+", other, self)

    def __sub__(self, other):
        return _binary("-", self, other)

    def __rsub__(self, other):
        return _binary("-", other, self)

    def __mul__(self, other):
        return _binary("*", self, other)

    def __rmul__(self, other):
        return _binary("*", other, self)

    def __truediv__(self, other):
        return _binary("/", self, other)

    def __rtruediv__(self, other):
        return _binary("/", other, self)

    def __and__(self, other):
        return _binary("and", self, other)

    def __rand__(self, other):
        return _binary("and", other, self)

    def __or__(self, other):
        return _binary("or", self, other)

    def __ror__(self, other):
        return _binary("or", other, self)

    def __invert__(self):
        return Expression("not", self)

    def __neg__(self):
        return Expression("negate", self)

    def is_null(self) -> Expression:
        """True where there is no value."""
        return Expression("is_null", self)

    def is_not_null(self) -> Expression:
        """True where there is a value."""
        return ~self.is_null()

    def is_in(self, values: Iterable) -> Expression:
        """True where the value is one of those given."""
        if isinstance(values, (str, bytes)):
            raise TypeError(f"is_in takes a list of values, not {values!r}")
        return Expression("is_in", self, *map(_operand, values))

    def contains(self, text: str) -> Expression:
        """True where the text occurs in the value."""
        return _text("contains", self, text)

    def starts_with(self, text: str) -> Expression:
        """True where the value begins with the text."""
        return _text("starts_with", self, text)

    def ends_with(self, text: str) -> Expression:
        """True where the value ends with the text."""
        return _text("ends_with", self, text)

    def matches(self, pattern: str) -> Expression:
        """True where the regular expression (RE2's syntax) is found anywhere in the value; ``^`` and ``$`` hold it to the ends."""
        return _text("matches", self, pattern)

    def __repr__(self):
        name, arguments = self._operation, self._arguments
        if name == "literal":
            return repr(arguments[0])
        if name in ("node", "edge"):
            return f"{name}({arguments[0]!r})"
        if name in ("not", "negate"):
            return f"{'~' if name == 'not' else '-'}{arguments[0]!r}"
        if not arguments:
            return f"{_PYTHON_NAMES.get(name, name)}()"
        if name in ("minimum", "maximum"):
            return f"{name}({arguments[0]!r}, {arguments[1]!r})"
        if len(arguments) == 2 and not name[0].isalpha() or name in _INFIX:
            return f"({arguments[0]!r} {_INFIX.get(name, name)} {arguments[1]!r})"
        return f"{arguments[0]!r}.{name}({', '.join(map(repr, arguments[1:]))})"


def _operand(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    if hasattr(value, "item") and hasattr(value, "dtype"):
        value = value.astype("datetime64[us]").item() if value.dtype.kind == "M" else value.item()
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, _LITERALS):
        raise TypeError(f"an expression cannot be compared or combined with {value!r}")
    return Expression("literal", value)


def _binary(operation: str, left, right) -> Expression:
    return Expression(operation, _operand(left), _operand(right))


def _text(operation: str, value: Expression, text: str) -> Expression:
    if not isinstance(text, str):
        raise TypeError(f"{operation} takes text, not {text!r}")
    return Expression(operation, value, _operand(text))


def node(name: str) -> Expression:
    """The node's attribute of that name; in an edge filter, the source's.

    >>> node("age") > 30
    (node('age') > 30)
    """
    return Expression("node", str(name))


def edge(name: str) -> Expression:
    """The edge's attribute of that name.

    >>> edge("weight").is_null()
    edge('weight').is_null()
    """
    return Expression("edge", str(name))


def key() -> Expression:
    """The node's key."""
    return Expression("node_key")


def source() -> Expression:
    """In an edge filter, the key of the edge's source."""
    return Expression("source")


def target() -> Expression:
    """In an edge filter, the key of the edge's target."""
    return Expression("target")


def degree() -> Expression:
    """How many edges the node has."""
    return Expression("degree")


def in_degree() -> Expression:
    """How many edges enter the node."""
    return Expression("in_degree")


def out_degree() -> Expression:
    """How many edges leave the node."""
    return Expression("out_degree")


def minimum(a, b) -> Expression:
    """The smaller of two numbers.

    >>> minimum(node("age"), 30)
    minimum(node('age'), 30)
    """
    return _binary("minimum", a, b)


def maximum(a, b) -> Expression:
    """The larger of two numbers."""
    return _binary("maximum", a, b)


def state() -> Expression:
    """In Graph.aggregate, the node's value."""
    return Expression("state")


def gathered() -> Expression:
    """In Graph.aggregate, what the node's neighbors gave, reduced to one number."""
    return Expression("gathered")


def depth(expression: Expression) -> int:
    """How deep the expression's tree is."""
    return 1 + max((depth(a) for a in expression._arguments if isinstance(a, Expression)), default=0)


def mentions(expression: Expression | None, operation: str) -> bool:
    """Whether an operation occurs anywhere in the expression."""
    if not isinstance(expression, Expression):
        return False
    return expression._operation == operation or any(mentions(a, operation) for a in expression._arguments)


def to_native(filter: Expression | None, what: str) -> tuple | None:
    """The tuple form of a filter; checks what can be checked before it is sent."""
    if filter is None:
        return None
    if isinstance(filter, bool):
        raise TypeError(f"a filter of {what} is an expression, not {filter!r}: `in`, `is` and `not` give a bool at once")
    if not isinstance(filter, Expression):
        raise TypeError(f"a filter of {what} is an expression such as gli.{what[:-1]}('name') > 1, not {filter!r}")
    if depth(filter) > 60:
        raise ValueError(f"the filter of {what} is nested more than 60 deep")
    return filter.to_tuple()
