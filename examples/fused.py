"""Fuse softramp's functions with your own arithmetic, in loops that Numba compiles.

    python examples/fused.py

The gate of a feed-forward layer, silu(a + bias) * b, and its gradient. Ufuncs, called one after the other,
write an array for every step and read it again; a loop goes over the arrays once. Prints how far the results
are apart and how long both take, on one thread. Exits with 1 if they are not the same to float32's precision.
"""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

import softramp

Array = np.ndarray[Any, Any]
TOLERANCE = 1e-6  # of the largest difference, over the largest entry


@numba.njit
def gate(a: Array, b: Array, bias: Array, y: Array) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            y[i, j] = softramp.silu(a[i, j] + bias[j]) * b[i, j]


@numba.njit
def gate_backward(g: Array, a: Array, b: Array, bias: Array, ga: Array, gb: Array) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            z = a[i, j] + bias[j]
            ga[i, j] = softramp.silu_backward(g[i, j] * b[i, j], z)
            gb[i, j] = softramp.silu(z) * g[i, j]


def gate_by_ufuncs(a: Array, b: Array, bias: Array, y: Array) -> None:
    np.add(a, bias, out=y)
    softramp.silu(y, out=y)
    np.multiply(y, b, out=y)


def gate_backward_by_ufuncs(g: Array, a: Array, b: Array, bias: Array, ga: Array, gb: Array) -> None:
    z = a + bias
    np.multiply(g, b, out=ga)
    softramp.silu_backward(ga, z, out=ga)
    softramp.silu(z, out=gb)
    np.multiply(gb, g, out=gb)


def milliseconds(function: Callable[..., None], *arrays: Array) -> float:
    return 1e3 * min(timeit.repeat(lambda: function(*arrays), number=1, repeat=20))


def main() -> int:
    rng = np.random.default_rng(0)
    g, a, b = rng.normal(0, 3, (3, 1024, 2048)).astype(np.float32)
    bias = rng.normal(0, 1, 2048).astype(np.float32)
    missed = 0
    print(f"{'':10}difference     ufuncs       loop")
    for name, by_ufuncs, fused, inputs, outputs in (
        ("forward", gate_by_ufuncs, gate, (a, b, bias), 1),
        ("backward", gate_backward_by_ufuncs, gate_backward, (g, a, b, bias), 2),
    ):
        expected, made = np.empty((2, outputs, *a.shape), np.float32)
        by_ufuncs(*inputs, *expected)
        fused(*inputs, *made)
        error = np.max(np.abs(made - expected)) / np.max(np.abs(expected))
        missed += not error <= TOLERANCE
        separate, together = milliseconds(by_ufuncs, *inputs, *expected), milliseconds(fused, *inputs, *made)
        print(f"{name:10}{error:10.1e}{separate:8.2f} ms{together:8.2f} ms, {separate / together:.1f}x")
    return 1 if missed else 0


if __name__ == "__main__":
    with softramp.threads(1):
        sys.exit(main())
