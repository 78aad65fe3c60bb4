"""The package's own rules: stubs and types that are true, and documentation of everything that is public."""

import ast
import importlib
import inspect
import os
import pathlib
import pkgutil
import subprocess
import sys
import textwrap

import pytest

import petavox

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = pathlib.Path(petavox.__file__).parent


def test_the_stub_of_the_compiled_module_is_what_it_has():
    done = subprocess.run([sys.executable, ROOT / "xtask/stubs.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (PACKAGE / "_core.pyi").exists()
    assert (PACKAGE / "py.typed").exists()


def test_types_are_consistent(tmp_path):
    pytest.importorskip("mypy")
    environment = dict(os.environ)
    if "site-packages" not in str(PACKAGE):
        environment["MYPYPATH"] = str(PACKAGE.parent)
    command = ["-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir", tmp_path]
    done = subprocess.run([sys.executable, *command], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def public():
    """(name, function or class) of all that users call."""
    names = ["petavox"] + [f"petavox.{m.name}" for m in pkgutil.iter_modules([str(PACKAGE)]) if not m.name.startswith("_")]
    seen = set()
    for module in map(importlib.import_module, names):
        assert module.__doc__, f"{module.__name__} has no docstring"
        for name in getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")]):
            value = getattr(module, name)
            if not callable(value) or id(value) in seen or not str(getattr(value, "__module__", "")).startswith("petavox"):
                continue
            seen.add(id(value))
            yield f"{module.__name__}.{name}", value
            for key, member in vars(value).items() if inspect.isclass(value) else ():
                if not key.startswith("_") and inspect.isfunction(member):
                    yield f"{module.__name__}.{name}.{key}", member


PUBLIC = dict(public())


def raised(function):
    """Whether a function says `raise` itself."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


def wrong(value):
    """What is missing from a docstring."""
    text = inspect.getdoc(value) or ""
    if not text:
        return ["no docstring"]
    if isinstance(value, type):
        return []
    out = []
    try:
        signature = inspect.signature(value)
    except ValueError:
        return []
    parameters = [p for p in signature.parameters if p not in ("self", "cls")]
    lines = {line.strip() for line in text.splitlines()}
    # One line is enough for what numpy's arrays have too, under the same name and with the same meaning.
    if "\n" not in text and "numpy" in text.lower():
        return []
    if parameters and "Parameters" not in lines:
        out.append("no Parameters")
    elif parameters:
        section = text.partition("Parameters\n")[2].partition("\n\n---")[0]
        named = {name.strip().lstrip("*") for line in section.splitlines() for name in line.partition(":")[0].split(",")}
        out += [f"parameter {p} is not described" for p in parameters if p not in named]
    gives_something = signature.return_annotation not in (None, "None", inspect.Signature.empty)
    if parameters and gives_something and "Returns" not in lines:
        out.append("no Returns")
    if raised(value) and "Raises" not in lines:
        out.append("no Raises")
    return out


def test_there_is_something_to_check():
    assert {"petavox.open", "petavox.Image.compute", "petavox.config.set"} <= set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_is_documented(name):
    assert wrong(PUBLIC[name]) == []
