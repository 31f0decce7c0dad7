"""What pyproject.toml cannot say: the C backend, which is optional.

SOFTRAMP_NO_C=1 leaves it out; SOFTRAMP_REQUIRE_C=1 makes a failed build an error. Otherwise a failed
build is reported loudly, and its reason is kept where softramp.show_config() finds it.
"""

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

HOW = "To get it: install a C compiler (gcc or clang), then reinstall softramp without cached wheels."


class OptionalBuild(build_ext):
    def build_extension(self, ext):
        """One process for each file: together they take a minute of compilation."""
        compile_all = self.compiler.compile

        def compile_side_by_side(sources, **options):
            with ThreadPoolExecutor() as pool:
                objects = pool.map(lambda source: compile_all([source], **options), sources)
                return [*chain.from_iterable(objects)]

        self.compiler.compile = compile_side_by_side
        super().build_extension(ext)

    def run(self):
        package = Path("src" if self.inplace else self.build_lib) / "softramp"  # super() resets inplace
        note = package / "c_build.txt"
        note.unlink(missing_ok=True)
        try:
            super().run()
        except Exception as error:
            if os.environ.get("SOFTRAMP_REQUIRE_C") == "1":
                raise
            compiler = (getattr(self.compiler, "compiler", None) or ["cc"])[0]
            found = "" if shutil.which(compiler) else f" ({compiler!r} is not on PATH)"
            reason = f"{type(error).__name__}: {error}{found}"
            for stale in package.glob("_kernels.*"):  # of an earlier build
                stale.unlink()
            package.mkdir(parents=True, exist_ok=True)
            note.write_text(reason + "\n", encoding="utf-8")
            self.extensions = []
            line = "*" * 78
            message = f"softramp: the C backend was NOT built; Numba will be used.\n{reason}\n{HOW}"
            print(f"\n{line}\n{message}\n{line}\n", file=sys.stderr, flush=True)


if os.environ.get("SOFTRAMP_NO_C") == os.environ.get("SOFTRAMP_REQUIRE_C") == "1":
    raise SystemExit("softramp: SOFTRAMP_NO_C and SOFTRAMP_REQUIRE_C exclude each other")
if os.environ.get("SOFTRAMP_NO_C") == "1" or sys.platform == "win32":
    setup()
else:
    setup(
        cffi_modules=["kernels/build.py:ffibuilder"],
        cmdclass={"build_ext": OptionalBuild},
        options={"bdist_wheel": {"py_limited_api": "cp310"}},
    )
