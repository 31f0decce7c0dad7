"""What softramp runs on here: `show_config`, which is also `softramp info`."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal, overload

from softramp import backends, policy
from softramp.backends import c

HOW_TO_GET_C = (
    "there is none for Windows" if sys.platform == "win32" else
    "install a C compiler (gcc or clang), then repeat the pip command that installed softramp, "
    "with -v --no-cache-dir --no-deps --force-reinstall added")


@overload
def show_config(mode: Literal["stdout"] = "stdout") -> None: ...
@overload
def show_config(mode: Literal["dicts"]) -> dict[str, Any]: ...


def show_config(mode: str = "stdout") -> dict[str, Any] | None:
    """Show the backend, instruction set, threads and versions that this process uses.

    Parameters
    ----------
    mode : {"stdout", "dicts"}, optional
        ``"stdout"`` prints, ``"dicts"`` returns the same as nested dictionaries.

    Returns
    -------
    dict or None
        ``None`` when printed.

    Raises
    ------
    ValueError
        For another `mode`.

    See Also
    --------
    numpy.show_config : The same of NumPy's build.

    Notes
    -----
    If there is no C backend, it says why, and how to get it. ``softramp info`` prints the same. Numba is
    not imported.

    Examples
    --------
    >>> import softramp
    >>> config = softramp.show_config(mode="dicts")
    >>> sorted(config)
    ['backend', 'instruction set', 'processor', 'system', 'threads', 'versions']
    >>> config["versions"]["softramp"] == softramp.__version__
    True
    """
    if mode not in ("stdout", "dicts"):
        raise ValueError(f"mode must be 'stdout' or 'dicts', got {mode!r}")
    config = {
        "backend": _backend(),
        "instruction set": _instruction_set(),
        "threads": {"number": policy.get_num_threads(), "from": _threads_source()},
        "versions": _versions(),
        "processor": processor(),
        "system": platform.platform(),
    }
    if mode == "dicts":
        return config
    for name, value in config.items():
        if not isinstance(value, dict):
            print(f"{name}: {value}")
            continue
        print(f"{name}:")
        for key, item in value.items():
            print(f"    {key}: {', '.join(item) if isinstance(item, list) else item}")
    return None


def _backend() -> dict[str, Any]:
    asked = os.environ.get("SOFTRAMP_BACKEND", "")
    found: dict[str, Any] = {
        "in use": asked or backends.available()[0],
        "available": backends.available(),
    }
    if asked:
        found["SOFTRAMP_BACKEND"] = asked
        if asked not in backends.available():
            found["in use"] = f"none: {asked!r} was asked for and is not available"
    if c.why_missing():
        found["why C is missing"] = c.why_missing()
        found["how to get C"] = HOW_TO_GET_C
    return found


def _instruction_set() -> dict[str, Any]:
    try:
        found: dict[str, Any] = {"in use": backends.load().isa}
    except (ImportError, ValueError) as error:
        found = {"in use": f"none: {error}"}
    if not c.why_missing():
        found["available in C"] = list(c.tables())
    asked = os.environ.get("SOFTRAMP_ISA", "")
    return found | ({"SOFTRAMP_ISA": asked} if asked else {})


def _threads_source() -> str:
    number, source = policy.default_threads
    return source if policy.get_num_threads() == number else "set in this process"


def _versions() -> dict[str, str]:
    from softramp import __version__

    versions = {"softramp": __version__, platform.python_implementation(): platform.python_version()}
    for name in ("numpy", "numba", "cffi"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not found"
    return versions


def processor() -> str:
    """The name of the processor, as its maker writes it where the system says."""
    if sys.platform == "linux":
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
        if found:
            return found[1]
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()
