"""The Numba backend: the kernels as scalar Python functions, compiled at the first call of each.

Nothing here imports Numba before that. Then `loops` makes a NumPy inner loop of the kernel that
`activations` or `rows` holds under the function's name.
"""

from __future__ import annotations

from collections.abc import Callable

from softramp.backends.numba import target
from softramp.backends.numba.stub import Stub
from softramp.definitions import Definition
from softramp.factory import Row


class NumbaBackend:
    """The kernels that Numba compiles for this processor."""

    name = "numba"

    @property
    def isa(self) -> str:
        """What Numba compiles for, in the C backend's words."""
        return target.isa()

    def attach(self, row: Row, definition: Definition, type: str, replace: Callable[[int], None]) -> int:
        return Stub(row, definition, type, replace).address
