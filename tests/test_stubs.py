"""__init__.pyi says what is there: the same names, parameters and defaults, and type checkers accept it."""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import of

import softramp
from softramp.aliases import ALIASES
from softramp.composites import composites, promises, public
from softramp.definitions import definitions

STUB = Path(softramp.__file__).with_suffix(".pyi")
TREE = ast.parse(STUB.read_text(encoding="utf-8"))
UFUNCS = [d for d in definitions.values()
          if d.name in public and d.name not in composites and not d.parameters]
FUNCTIONS = public.keys() - {d.name for d in UFUNCS}


def test_names():
    names = set()
    for node in TREE.body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif isinstance(node, ast.ImportFrom):  # `x as x` exports
            names |= {alias.name for alias in node.names if alias.asname == alias.name}
    assert names == {*softramp.__all__, "ufuncs"}


def positional(arguments):
    """(name, positional-only, default) of a stub's positional parameters."""
    both = [*arguments.posonlyargs, *arguments.args]
    defaults = [inspect.Parameter.empty] * (len(both) - len(arguments.defaults))
    defaults += [ast.literal_eval(value) for value in arguments.defaults]
    return [(a.arg, a in arguments.posonlyargs, value) for a, value in zip(both, defaults, strict=True)]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_parameters_and_defaults(name):
    parameters = inspect.signature(getattr(softramp, name)).parameters.values()
    expected = [(p.name, p.kind is p.POSITIONAL_ONLY, p.default)
                for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    stubs = [node for node in TREE.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert stubs
    for stub in stubs:
        assert positional(stub.args) == expected
        if name in promises:
            keywords = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
            assert {a.arg for a in stub.args.kwonlyargs} == keywords


@of(UFUNCS)
def test_a_ufunc_takes_its_operands(definition):
    annotations = {n.target.id: n.annotation.id for n in TREE.body if isinstance(n, ast.AnnAssign)
                   and isinstance(n.annotation, ast.Name)}
    classes = {n.name: n for n in TREE.body if isinstance(n, ast.ClassDef)}
    calls = [n for n in classes[annotations[definition.name]].body if isinstance(n, ast.FunctionDef)]
    assert calls
    for call in calls:
        assert [a.arg for a in call.args.posonlyargs] == ["self", *definition.operands]


def test_an_alias_has_the_type_of_its_function():
    annotations = {n.target.id: ast.dump(n.annotation) for n in TREE.body if isinstance(n, ast.AnnAssign)}
    for alias, name in ALIASES.items():
        assert annotations[alias] == annotations[name]


USE = """
import numpy as np
from numpy.typing import NDArray

import softramp

x: NDArray[np.float32] = np.zeros(3, np.float32)
y: NDArray[np.float32] = softramp.relu(x)
y = softramp.sigmoid_backward(1.0, x)
y = softramp.leaky_relu(x, negative_slope=0.1)
y = softramp.softmax(x, axis=0)
y = softramp.softmax(x, axis=(0, 1), where=x > 0, temperature=0.5, out=x)
y = softramp.logsumexp_backward(1.0, x, softramp.logsumexp(x, None, b=[1, 2, 3]), axis=None)
y = softramp.gumbel_softmax(x, hard=True, rng=np.random.default_rng(0))
softramp.silu(x, out=x, where=x > 0)
f: np.ufunc = softramp.tanh
n: int = softramp.get_num_threads()
with softramp.threads(2):
    softramp.elu([1, 2], 0.5)
"""
MISUSE = """
import softramp

softramp.relu()
softramp.leaky_relu(1.0, slope=0.1)
softramp.softmax(1.0, axis="x")
softramp.nothing(1.0)
"""


def check(checker, *arguments):
    return subprocess.run(
        [sys.executable, "-m", checker, *map(str, arguments)], capture_output=True, text=True, timeout=300,
        check=False, env=os.environ | {"MYPYPATH": source_root()})


def source_root():
    """For mypy, which does not follow every kind of editable installation."""
    root = STUB.parents[1]
    return "" if root.name == "site-packages" else str(root)


def wrong_lines(result):
    return {int(line) for line in re.findall(r"misuse\.py:(\d+).*error", result.stdout)}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "use.py").write_text(USE, encoding="utf-8")
    (tmp_path / "misuse.py").write_text(MISUSE, encoding="utf-8")
    return tmp_path


def test_mypy_accepts_the_stub_and_its_use(files):
    options = ("--strict", f"--cache-dir={files}")
    for what in (["-m", "softramp"], [files / "use.py"]):  # mypy takes no paths into site-packages
        result = check("mypy", *options, *what)
        assert result.returncode == 0, result.stdout + result.stderr
    assert wrong_lines(check("mypy", *options, files / "misuse.py")) == {4, 5, 6, 7}


def test_pyright_accepts_the_stub_and_its_use(files):
    if check("pyright", "--version").returncode:
        pytest.skip("pyright does not run here: it needs node (pip install 'pyright[nodejs]')")
    options = ("--pythonpath", sys.executable)
    result = check("pyright", *options, STUB, files / "use.py")
    assert result.returncode == 0, result.stdout + result.stderr
    assert wrong_lines(check("pyright", *options, files / "misuse.py")) == {4, 5, 6, 7}
