"""The elementwise functions, forward and backward, in cache and beyond."""

from softramp.cli.cases import product
from softramp.definitions import definitions

CASES = product(name for name, definition in definitions.items() if not definition.gufunc_signature)


def test_elementwise(benchmark, call):
    benchmark(call)
