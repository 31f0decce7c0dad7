"""The raw ufuncs of the default backend: parameters are trailing operands, nothing is checked.

``softramp.ufuncs.leaky_relu(x, slope)`` broadcasts `slope` like any operand. Functions without
parameters are the same object here and in ``softramp``; ``softmax`` and its like are gufuncs over the
last axis here, functions along any axes there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from softramp import activations, backends, factory
from softramp.composites import bind, composites, public
from softramp.definitions import definitions, mixed


_lock = threading.RLock()


class _Made:
    """Attributes that are made on first use."""

    def __init__(self, make: Callable[[str], Any], names: Collection[str] = definitions) -> None:
        self._make, self._names = make, names

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise AttributeError(f"softramp defines no function {name!r}")
        with _lock:  # one object, whoever comes first
            if name not in self.__dict__:
                setattr(self, name, self._make(name))
            return self.__dict__[name]

    def __dir__(self) -> list[str]:
        return list(self._names)


class Namespace(_Made):
    """Every public function, made from the kernels of one backend."""

    def __init__(self, backend: Any) -> None:
        super().__init__(self._public, public)
        self.backend = backend
        self.name: str = backend.name
        self.ufuncs = _Made(self._ufunc, definitions | mixed)
        self.unary = _Made(self._bound)
        self.per_row = _Made(self._per_row)
        self.plain = _Made(self._plain)

    @property
    def isa(self) -> str:
        """The instruction set of the kernels."""
        return str(self.backend.isa)

    def _ufunc(self, name: str) -> np.ufunc:
        definition = (definitions | mixed)[name]
        is_public = name in public and name not in composites and not definition.parameters
        return factory.make(definition, self.backend, module="softramp" if is_public else __name__)

    def _bound(self, name: str) -> np.ufunc:
        """The ufunc with its default parameters bound."""
        return factory.make(definitions[name], self.backend, bound=True, module="softramp.unary")

    def _per_row(self, name: str) -> np.ufunc:
        """An elementwise function as a gufunc of rows."""
        return factory.make(definitions[name], self.backend, per_row=True, module="softramp.per_row")

    def _public(self, name: str) -> Any:
        return bind(composites[name], self) if name in composites else getattr(self.plain, name)

    def _plain(self, name: str) -> Any:
        """A function as its definition says."""
        definition = definitions[name]
        if definition.parameters and not definition.gufunc_signature:
            return activations.wrap(definition, self)
        return getattr(self.ufuncs, name)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    made = getattr(backends.load().ufuncs, name)
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return [*definitions, *mixed]
