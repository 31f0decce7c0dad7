"""The command: its subcommands, exit statuses and messages, and softramp.show_config."""

import os
import subprocess
import sys

import pytest

import softramp
from softramp import runtime
from softramp.backends import c
from softramp.cli import main
from softramp.definitions import definitions


def python(*args, **environment):
    return subprocess.run(
        [sys.executable, *args], env=os.environ | environment, capture_output=True, text=True, check=False)


def without(module, *argv):
    """The command where a module cannot be imported."""
    return python("-c", f"import sys; sys.modules[{module!r}] = None\n"
                        f"from softramp.cli import main; sys.exit(main({list(argv)!r}))")


def status(*argv):
    with pytest.raises(SystemExit) as exit:
        main(argv)
    return exit.value.code


# ---- The command


def test_as_a_module():
    done = python("-m", "softramp", "info")
    assert done.returncode == 0, done.stderr
    assert f"softramp: {softramp.__version__}" in done.stdout


def test_version(capsys):
    assert status("--version") == 0
    assert capsys.readouterr().out == f"softramp {softramp.__version__}\n"


def test_help_names_every_command(capsys):
    assert status("--help") == 0
    shown = capsys.readouterr().out
    assert all(f"    {command} " in shown for command in ("bench", "info", "verify"))


@pytest.mark.parametrize("command", ["bench", "info", "verify"])
def test_help_of_each_command_fits(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert status(command, "--help") == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) > 3
    assert max(map(len, shown)) <= 110


@pytest.mark.parametrize("argv, message", [
    ([], "required: COMMAND"),
    (["paint"], "invalid choice: 'paint'"),
    (["bench", "rellu"], f"no function 'rellu'; there are {', '.join(definitions)}"),
    (["bench", "relu", "--dtype", "complex64"], "choose from"),
    (["bench", "relu", "--rival", "abacus"], "choose from"),
    (["bench", "relu", "--size", "0"], "expected a positive integer, got '0'"),
    (["bench", "softmax", "--shape", "3x"], "expected a shape like 128x1000"),
    (["bench", "softmax", "--shape", "3x4@2"], "for axis 0, got '3x4@2'"),
    (["bench", "relu", "--seconds", "-1"], "expected a positive number, got '-1'"),
    (["bench", "relu", "--json", "no/such/directory.json"], "cannot write"),
])
def test_usage_errors(argv, message, capsys):
    assert status(*argv) == 2
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("module, argv, extra", [
    ("rich", ["bench", "relu"], "bench"),
    ("threadpoolctl", ["bench", "relu"], "bench"),
    ("matplotlib", ["bench", "relu", "--plot", "ratios.svg"], "plot"),
])
def test_a_missing_extra_is_named(module, argv, extra):
    done = without(module, *argv)
    assert done.returncode == 2
    assert done.stderr == f"softramp bench needs {module}: python -m pip install 'softramp[{extra}]'\n"


def test_info_needs_no_extra_and_nothing_slow():
    done = python("-c", "import sys; from softramp.cli import main; main(['info'])\n"
                        "slow = {'numba', 'rich', 'scipy', 'pytest', 'mpmath'}\n"
                        "print(*slow & sys.modules.keys(), file=sys.stderr)")
    assert done.returncode == 0
    assert done.stderr == "\n"


# ---- show_config


def test_show_config_prints_what_it_returns(capsys):
    config = softramp.show_config("dicts")
    assert softramp.show_config() is None
    shown = capsys.readouterr().out
    for name, value in config.items():
        for item in value.values() if isinstance(value, dict) else [value]:
            text = ", ".join(item) if isinstance(item, list) else str(item)
            assert text in shown, name


def test_show_config_of_this_process():
    config = softramp.show_config("dicts")
    assert config["backend"]["in use"] == softramp.backends.default()
    assert config["threads"]["number"] == softramp.get_num_threads()
    assert config["versions"]["softramp"] == softramp.__version__
    assert config["processor"]


def test_show_config_knows_its_modes():
    with pytest.raises(ValueError, match="'stdout' or 'dicts', got 'json'"):
        softramp.show_config("json")


def test_threads_set_here():
    number = softramp.get_num_threads() + 1
    with softramp.threads(number):
        assert softramp.show_config("dicts")["threads"] == {"number": number, "from": "set in this process"}


@pytest.mark.parametrize("environment, source", [
    ({"SOFTRAMP_NUM_THREADS": "3", "OMP_NUM_THREADS": "2"}, "3 SOFTRAMP_NUM_THREADS"),
    ({"SOFTRAMP_NUM_THREADS": "", "OMP_NUM_THREADS": "2,1"}, "2 OMP_NUM_THREADS"),
])
def test_threads_from_the_environment(environment, source):
    done = python("-c", "import softramp\n"
                        "print(*softramp.show_config('dicts')['threads'].values())", **environment)
    assert done.stdout.strip() == source


def test_a_backend_that_does_not_exist_is_shown(monkeypatch):
    monkeypatch.setenv("SOFTRAMP_BACKEND", "fortran")
    found = softramp.show_config("dicts")["backend"]
    assert found["in use"] == "none: 'fortran' was asked for and is not available"


def test_without_c_it_says_why_and_how(monkeypatch, capsys):
    monkeypatch.setattr(c, "_extension", lambda: "it was not built: 'cc' is not on PATH")
    assert main(["info"]) == 0
    shown = capsys.readouterr().out
    assert "why C is missing: it was not built: 'cc' is not on PATH" in shown
    assert f"how to get C: {runtime.HOW_TO_GET_C}" in shown


@pytest.mark.skipif(bool(c.why_missing()), reason="no C backend")
@pytest.mark.parametrize("isa, shown", [("base", "base"), ("mmx", "none: SOFTRAMP_ISA must be one of")])
def test_the_instruction_set_asked_for_is_shown(isa, shown):
    done = python("-m", "softramp", "info", SOFTRAMP_BACKEND="c", SOFTRAMP_ISA=isa)
    assert done.returncode == 0, done.stderr
    assert f"instruction set:\n    in use: {shown}" in done.stdout
    assert f"    SOFTRAMP_ISA: {isa}\n" in done.stdout
