"""What README.md shows and what docstrings promise is so."""

import doctest
import importlib.util
import re
from pathlib import Path

import pytest
from helpers import each_function

from softramp.cli.cases import QUICK
from softramp.composites import public

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_example():
    text = "\n".join(re.findall(r"^```python\n(.*?)^```", README, re.M | re.S))
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", None, 0)
    assert test.examples
    output = []
    result = doctest.DocTestRunner().run(test, out=output.append)
    assert result.failed == 0, "".join(output)


def test_tables_are_up_to_date():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.render(README) == README, "run: python docs/generate.py"


@pytest.mark.parametrize("table, names", [("functions", public), ("benchmark", QUICK)])
def test_functions_are_in_the_table(table, names):
    text = re.search(rf"<!-- table {table}.*?<!-- end -->", README, re.S)[0]
    assert set(names) == set(re.findall(r"^\| `(\w+)", text, re.M))


def test_every_environment_variable_is_explained():
    paths = [*(ROOT / "src").rglob("*.py"), ROOT / "setup.py"]
    names = {name for path in paths for name in re.findall(r"SOFTRAMP_\w+", path.read_text(encoding="utf-8"))}
    assert "SOFTRAMP_BACKEND" in names
    assert [name for name in sorted(names) if f"| `{name}` |" not in README] == []


@each_function
def test_docstring_promises_what_the_definition_does(definition):
    float32, float64, root = definition.bar
    promise = f"{float32:g} ULP (float32), {float64:g} ULP (float64)"
    if float32 == float64:
        promise = f"{float32:g} ULP"
    text = " ".join(definition.doc.split())
    assert f"within {promise}" in text or f"Within {promise}" in text
    if root is not None:
        assert f"root, {root:.5g}" in text
