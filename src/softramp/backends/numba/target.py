"""What Numba compiles for, found without importing Numba."""

from __future__ import annotations

import functools
import os
import platform


@functools.cache
def features() -> frozenset[str]:
    """The processor features that Numba lets LLVM use; NUMBA_CPU_FEATURES and _NAME decide first."""
    generic = os.environ.get("NUMBA_CPU_NAME", "").lower() == "generic"
    text = os.environ.get("NUMBA_CPU_FEATURES", "" if generic else None)
    if text is None:
        from llvmlite import binding

        text = binding.get_host_cpu_features().flatten()
    return frozenset(name[1:] for name in text.split(",") if name.startswith("+"))


def isa() -> str:
    """The best of the C backend's instruction sets that these features include."""
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= features():
        return "avx512"
    return "avx2" if {"avx2", "fma"} <= features() else "base"


def has_fma() -> bool:
    """Whether a fused multiply-add is one instruction."""
    return "fma" in features() or platform.machine().lower() in ("aarch64", "arm64")


def has_f16c() -> bool:
    """Whether converting float16 to float32 and back is one instruction."""
    return "f16c" in features() or platform.machine().lower() in ("aarch64", "arm64")
