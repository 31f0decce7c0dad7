"""Neural-network activations for NumPy: real ufuncs, forward and backward, at the speed of the machine.

Functions are made on first use from the kernels of the default backend (`softramp.backends`).
"""

from __future__ import annotations

from typing import Any

from softramp import backends
from softramp.aliases import ALIASES
from softramp.composites import public
from softramp.policy import get_num_threads, set_num_threads, threads

__version__ = "0.1.0"
__all__ = [  # noqa: PLE0604
    "__version__", "backends", "get_num_threads", "set_num_threads", "show_config", "threads",
    *public, *ALIASES,
]


def __getattr__(name: str) -> Any:
    if name == "show_config":
        from softramp.runtime import show_config as made
    elif name == "ufuncs":
        import importlib

        made = importlib.import_module("softramp.ufuncs")
    elif name in public or name in ALIASES:
        made = getattr(backends.load(), ALIASES.get(name, name))
    else:
        raise AttributeError(f"module 'softramp' has no attribute {name!r}")
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return sorted(__all__)
