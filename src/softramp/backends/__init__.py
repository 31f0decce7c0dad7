"""The two sources of kernels, and the choice between them.

``SOFTRAMP_BACKEND`` (``c`` or ``numba``) decides what ``softramp`` itself uses, else C where it was
built, else Numba. ``load(name)`` gives any of them beside it, for tests and benchmarks.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softramp.ufuncs import Namespace

__all__ = ["available", "default", "load"]

NAMES = ("c", "numba")


def available() -> list[str]:
    """Return the names of the backends that can be loaded here, best first.

    Examples
    --------
    >>> import softramp
    >>> "numba" in softramp.backends.available()
    True
    """
    from softramp.backends import c

    return ["numba"] if c.why_missing() else ["c", "numba"]


def default() -> str:
    """Return the name of the backend that ``softramp`` uses in this process.

    Raises
    ------
    ValueError
        If ``SOFTRAMP_BACKEND`` names none.

    Examples
    --------
    >>> import softramp
    >>> softramp.backends.default() in ("c", "numba")
    True
    """
    asked = os.environ.get("SOFTRAMP_BACKEND", "")
    if asked and asked not in NAMES:
        raise ValueError(f"SOFTRAMP_BACKEND must be one of {', '.join(NAMES)}, got {asked!r}")
    return asked or available()[0]


def load(name: str | None = None, isa: str | None = None) -> Namespace:
    """Return every function made from one backend's kernels.

    Parameters
    ----------
    name : {"c", "numba"}, optional
        The default backend if left out.
    isa : {"base", "avx2", "avx512"}, optional
        C only: the instruction set; by default the best that this processor has, lowered by
        ``SOFTRAMP_ISA``.

    Returns
    -------
    Namespace
        With the public functions as attributes, the raw ufuncs under ``.ufuncs``, and ``.name``, ``.isa``.

    Raises
    ------
    ValueError
        For a name or an instruction set that does not exist or that this processor cannot run.
    ImportError
        If the C backend was not built; the message says why.

    Examples
    --------
    >>> import softramp
    >>> numba = softramp.backends.load("numba")
    >>> float(numba.relu(-1.0))
    0.0
    """
    name = name or default()
    if name not in NAMES:
        raise ValueError(f"backend must be one of {', '.join(NAMES)}, got {name!r}")
    if name == "c":
        from softramp.backends import c

        isa = c.choose_isa(isa)
    elif isa is not None:
        raise ValueError("isa is for the C backend; Numba compiles for the processor it finds")
    return _load(name, isa)


@functools.cache
def _load(name: str, isa: str | None) -> Namespace:
    """One namespace for a backend and instruction set, however they were asked for."""
    from softramp.ufuncs import Namespace

    if name == "c":
        from softramp import threadpool
        from softramp.backends.c import CBackend

        backend = CBackend(isa)
        threadpool.register()
        return Namespace(backend)
    from softramp.backends.numba import NumbaBackend

    return Namespace(NumbaBackend())
