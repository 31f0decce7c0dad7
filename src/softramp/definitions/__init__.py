"""The registry: what every function is.

Each is defined in a few lines of careful NumPy, with its signature, its documentation and the error
that its kernels promise. Everything else (ufuncs, wrappers, tests, benchmarks, README) is made from
here. Array operands are positional-only, parameters are not.

The definitions are also what computes where a kernel cannot (see backends/numba). They are exact at
special values and good to a few ULP; they do not meet the kernels' bounds everywhere. A float16 or
bfloat16 array comes to them as float32.
"""

from softramp.definitions import (  # isort: skip  # the order of tables
    piecewise, clipped, exponential, sigmoidal, logarithmic, algebraic, gated, gelu, glu, rows, losses)
from softramp.definitions.registry import Bar, Definition, definitions, mixed

__all__ = [
    "Bar", "Definition", "algebraic", "clipped", "definitions", "exponential", "gated", "gelu", "glu",
    "logarithmic", "losses", "mixed", "piecewise", "rows", "sigmoidal"]
