"""The examples run, as their readers run them, on every backend there is."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers import checked, clean

from softramp import backends

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("backend", backends.available())
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_succeeds(example, backend):
    command = [sys.executable, "-W", "error::RuntimeWarning", str(example)]
    print(checked(subprocess.run(command, env=clean({"SOFTRAMP_BACKEND": backend}), capture_output=True,
                                 text=True, timeout=300, check=False)))
