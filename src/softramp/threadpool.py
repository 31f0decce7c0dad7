"""softramp as one of the thread pools that threadpoolctl limits, where that is installed."""

from __future__ import annotations

import functools
import importlib.util

import softramp
from softramp.policy import policy, set_num_threads


@functools.cache
def register() -> None:
    """Tell threadpoolctl of the C backend's library. It finds a library by its file, hence C only."""
    if importlib.util.find_spec("threadpoolctl") is None:
        return
    import threadpoolctl

    class Controller(threadpoolctl.LibController):  # type: ignore[misc]
        user_api = internal_api = "softramp"
        filename_prefixes = ("_kernels",)
        check_symbols = ("softramp_kernels",)

        def get_num_threads(self) -> int:
            return int(policy.threads)

        def set_num_threads(self, num_threads: int) -> None:
            set_num_threads(num_threads)

        def get_version(self) -> str:
            return softramp.__version__

    threadpoolctl.register(Controller)
