"""The functions of rows, from a single short row to rows of a vocabulary."""

from softramp.cli.cases import product
from softramp.definitions import definitions

CASES = product(name for name, definition in definitions.items() if definition.gufunc_signature)


def test_rows(benchmark, call):
    benchmark(call)
