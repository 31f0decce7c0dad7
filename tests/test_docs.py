"""Every public function is documented, and what its documentation shows is true."""

import doctest
import inspect

import pytest
from helpers import each_function, of

import softramp
from softramp.composites import composites, public
from softramp.definitions import definitions

SECTIONS = ["Parameters", "Returns", "Notes", "Examples"]
FUNCTIONS = {name: getattr(softramp, name) for name in softramp.__all__ if callable(getattr(softramp, name))}
FUNCTIONS |= {f"backends.{name}": getattr(softramp.backends, name) for name in softramp.backends.__all__}
DOCS = {name: f.__doc__ for name, f in FUNCTIONS.items() if name not in definitions or name in composites}
DOCS |= {f"ufuncs.{name}": definition.doc for name, definition in definitions.items()}


@each_function
def test_a_definition_is_documented(definition):
    doc = inspect.cleandoc(definition.doc)
    lines = doc.splitlines()
    assert lines[0].endswith(".") or lines[0].endswith("``"), "the first line is a sentence or a formula"
    for section in SECTIONS:
        assert f"{section}\n{'-' * len(section)}" in doc, f"{definition.name} has no section {section}"
    documented = doc.split("Parameters\n----------\n")[1].split("\n\n")[0].splitlines()
    for name in definition.operands + definition.parameters:
        assert any(line.partition(" :")[0] == name for line in documented), f"{name} is not documented"


@of([d for d in definitions.values() if d.name in public and d.name not in composites])
def test_the_public_function_has_the_documentation_and_signature_of_its_definition(definition):
    public = getattr(softramp, definition.name)
    assert inspect.cleandoc(definition.doc) in inspect.cleandoc(public.__doc__)
    expected = [p.replace(annotation=inspect.Parameter.empty)
                for p in inspect.signature(definition.function).parameters.values()]
    assert list(inspect.signature(public).parameters.values())[:len(expected)] == expected
    assert public.__name__ == public.__qualname__ == definition.name
    assert public.__module__ == "softramp"


@pytest.mark.parametrize("name", composites)
def test_a_composite_is_documented(name):
    f = getattr(softramp, name)
    doc = inspect.cleandoc(f.__doc__)
    assert doc.splitlines()[0].endswith((".", "``"))
    for section in [*SECTIONS, "Raises", "References"]:
        assert f"{section}\n{'-' * len(section)}" in doc, f"{name} has no section {section}"
    described = doc.split("Parameters\n----------\n")[1].split("\n\n")[0].splitlines()
    documented = ", ".join(line.partition(" :")[0] for line in described if not line.startswith(" ")).split(", ")
    for parameter in inspect.signature(f).parameters.values():
        assert str(parameter).partition("=")[0] in documented, f"{parameter} is not documented"
    assert (f.__name__, f.__qualname__, f.__module__) == (name, name, "softramp")


@pytest.mark.parametrize("name", DOCS)
def test_examples(name):
    doc = inspect.cleandoc(DOCS[name])
    test = doctest.DocTestParser().get_doctest(doc, {}, name, None, 0)
    assert test.examples, f"{name} has no example"
    output = []
    result = doctest.DocTestRunner().run(test, out=output.append)
    assert result.failed == 0, "".join(output)
