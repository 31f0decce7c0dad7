"""What is installed, and what the files around it say."""

import importlib.metadata
import importlib.resources
import re
from pathlib import Path

import pytest
from helpers import python

import softramp

ROOT = Path(__file__).parents[1]
SOURCES = [path for folder in ("src", "kernels", "tests", "benchmarks", "docs", "examples")
           for suffix in ("py", "pyi", "c", "h", "inc", "md", "json")
           for path in (ROOT / folder).rglob(f"*.{suffix}")]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def shell_blocks():
    return re.findall(r"^```sh\n(.*?)^```", read("README.md"), re.M | re.S)


def test_version_is_the_same_everywhere():
    assert importlib.metadata.version("softramp") == softramp.__version__
    assert re.search(rf"^## \[?{re.escape(softramp.__version__)}\b", read("CHANGELOG.md"), re.M)


def test_stubs_and_their_marker_are_installed():
    package = importlib.resources.files("softramp")
    assert (package / "py.typed").is_file()
    assert (package / "__init__.pyi").is_file()


def test_run_time_needs_little():
    needed = [r for r in importlib.metadata.requires("softramp") if "extra ==" not in r]
    assert {re.match(r"\w+", r)[0] for r in needed} == {"numpy", "numba", "cffi"}


def test_no_extra_brings_torch():
    assert not any(r.startswith("torch") for r in importlib.metadata.requires("softramp"))


def test_command_is_installed():
    [command] = importlib.metadata.entry_points(group="console_scripts", name="softramp")
    assert callable(command.load())


def test_import_is_light():
    code = "import sys, numpy, softramp; print([m for m in sys.argv[1:] if m in sys.modules])"
    slow = ["numba", "scipy", "mpmath", "rich", "pytest", "ml_dtypes", "threadpoolctl"]
    result = python(code, *slow)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_readme_begins_with_the_two_commands():
    assert shell_blocks()[:2] == [
        "python -m pip install '.[bench]' && softramp bench --quick\n",
        "python -m pip install '.[test]' && python -m pytest\n"]


@pytest.mark.parametrize("folder", ["kernels", "tests", "benchmarks", "examples", "docs"])
def test_source_distribution_has(folder):
    assert f"graft {folder}\n" in read("MANIFEST.in")
    assert (ROOT / folder).is_dir()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_path_of_a_developers_machine(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(home|Users|root|work|tmp)/\w", text)


def test_contributing_has_every_file_of_the_tree():
    tree = read("CONTRIBUTING.md").partition("```\n")[2].partition("```")[0]
    names = {path.name for folder in ("kernels", "src/softramp") for path in (ROOT / folder).glob("[!.]*.*")
             if path.suffix in (".py", ".pyi", ".c", ".h", ".inc")}
    assert names - set(tree.split()) == set()
