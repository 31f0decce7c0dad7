"""The table of composites, and how one of them becomes the function of a backend."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from softramp.definitions import Definition, definitions, mixed
from softramp.definitions.numpydoc import complete_along_axes
from softramp.rows import signature

if TYPE_CHECKING:
    from softramp.ufuncs import Namespace

_F = TypeVar("_F", bound=Callable[..., Any])
composites: dict[str, FunctionType] = {}
promises: dict[str, Definition | None] = {}  # whose errors a function has; None if it is exact


def composite(function: _F) -> _F:
    """Register a public function by its name."""
    assert isinstance(function, FunctionType)
    composites[function.__name__] = function
    return function


def promising(promise: Definition | None) -> Callable[[_F], _F]:
    """Register a public function that has the errors of a definition; None if it is exact."""

    def register(function: _F) -> _F:
        promises[function.__name__] = promise
        return composite(function)

    return register


def along_axes(promise: Definition | None, *, hole: str = "0") -> Callable[[_F], _F]:
    """Register a function along axes and complete its docstring.

    `promise` is the definition whose errors it promises, None if it is exact; `hole` its result where its
    mask is False.
    """

    def register(function: _F) -> _F:
        function.__doc__ = complete_along_axes(function, promise, hole)
        return promising(promise)(function)

    return register


class _Named:
    """Attributes that are made. `Namespace` makes them on first use, which costs a tenth of a small call."""

    def __init__(self, source: Any, names: list[str]) -> None:
        for name in names:
            setattr(self, name, getattr(source, name))


def bind(source: FunctionType, namespace: Namespace) -> Callable[..., Any]:
    """The function over the ufuncs of a backend. By its own name it finds itself."""
    named = source.__code__.co_names
    ufuncs = [name for name in named if name in definitions or name in mixed]
    kinds = [kind for kind in ("ufuncs", "per_row", "plain") if kind in named]
    scope = {kind: _Named(getattr(namespace, kind), ufuncs) for kind in kinds}
    function = FunctionType(source.__code__, source.__globals__ | scope, source.__name__, source.__defaults__)
    function.__globals__[source.__name__] = function
    function.__kwdefaults__ = source.__kwdefaults__
    function.__module__ = "softramp"
    function.__doc__ = source.__doc__
    function.__signature__ = signature(source)  # type: ignore[attr-defined]
    return function
