"""The C backend: the tables of the cffi extension softramp._kernels, if it was built."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from softramp.definitions import Definition
from softramp.factory import Row

ISAS = ("base", "avx2", "avx512")


@functools.cache
def _extension() -> ModuleType | str:
    """The extension, or the reason why there is none."""
    try:
        from softramp import _kernels
    except ImportError as error:
        note = Path(__file__).parents[1] / "c_build.txt"
        if note.exists():
            return f"it was not built: {note.read_text(encoding='utf-8').strip()}"
        return f"it was not built ({error})"
    return _kernels


def why_missing() -> str:
    """Return why there is no C backend; an empty string if there is one."""
    found = _extension()
    return found if isinstance(found, str) else ""


def run_address() -> int | None:
    """The address of the C driver, which also runs Numba's loops; None without the C backend."""
    found = _extension()
    return None if isinstance(found, str) else int(found.ffi.cast("intptr_t", found.lib.run_address()))


@functools.cache
def tables() -> dict[str, Any]:
    """The instruction sets that this processor can run, best first: name -> `struct table *`."""
    found = _extension()
    if isinstance(found, str):
        raise ImportError(f"softramp has no C backend here: {found}")
    ffi, lib = found.ffi, found.lib
    pointers = ffi.new("const struct table *[]", len(ISAS))
    return {ffi.string(pointers[i].isa).decode(): pointers[i] for i in range(lib.tables(pointers))}


def choose_isa(isa: str | None) -> str:
    """The instruction set asked for, else the best one, which SOFTRAMP_ISA may lower."""
    source = "isa" if isa is not None else "SOFTRAMP_ISA"
    isa = isa if isa is not None else os.environ.get("SOFTRAMP_ISA", "")
    if not isa:
        return next(iter(tables()))
    if isa not in ISAS:
        raise ValueError(f"{source} must be one of {', '.join(ISAS)}, got {isa!r}")
    if isa not in tables():
        raise ValueError(f"{source}={isa} is not to be had on this processor, which has {', '.join(tables())}")
    return isa


class CBackend:
    """The kernels of one instruction set."""

    name = "c"

    def __init__(self, isa: str | None = None) -> None:
        self.isa = choose_isa(isa)
        extension = _extension()
        assert isinstance(extension, ModuleType)
        ffi, table = extension.ffi, tables()[self.isa]
        self.compiled_with = ffi.string(table.compiled_with).decode()
        self._run = run_address()
        self._elementwise_rows = int(ffi.cast("intptr_t", extension.lib.elementwise_rows_address()))
        self._kernels = {
            (ffi.string(k.name).decode(), ffi.string(k.type).decode()):
                (int(ffi.cast("intptr_t", k.loop)), int(ffi.cast("intptr_t", k.data)))
            for k in (table.kernels[i] for i in range(table.count))
        }

    def attach(self, row: Row, definition: Definition, type: str, replace: Callable[[int], None]) -> int:
        row.loop, row.data = self._kernels[definition.name, type]
        if row.core_steps and not definition.gufunc_signature:
            row.loop = self._elementwise_rows
        assert self._run is not None
        return self._run
