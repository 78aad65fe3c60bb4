"""Writes python/petavox/_core.pyi: what the compiled module has, for editors and type checkers.

    python xtask/stubs.py [--check]

Names, parameters, defaults and descriptions come from the module itself, types from its Rust source. With --check nothing is
written, and a file that is not up to date is an error.
"""

import inspect
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCES = ROOT / "crates" / "petavox-python" / "src"
STUB = ROOT / "python" / "petavox" / "_core.pyi"
WIDTH = 120

#: Rust's types in Python's words; what is not here is Any.
NAMES = {
    "bool": "bool", "f32": "float", "f64": "float", "str": "str", "String": "str", "()": "None", "c_int": "int",
    "PyDict": "dict[str, Any]", "PyList": "list[Any]", "PyTuple": "tuple[Any, ...]", "PyBytes": "bytes",
    "PathBuf": "str | os.PathLike[str]", "Settings": "Mapping[str, Any]", "FileOptions": "Mapping[str, Any]",
}  # fmt: skip
NAMES |= dict.fromkeys(["usize", "isize", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"], "int")
#: Wrappers that Python does not see.
WRAPPERS = ("PyResult", "Result", "Bound", "PyRef", "PyRefMut", "Py", "Borrowed")


def parts(text):
    """The text at its commas, those inside brackets excepted."""
    out, depth, current = [], 0, ""
    for sign in text:
        depth += (sign in "<([") - (sign in ">)]")
        if sign == "," and depth == 0:
            out.append(current.strip())
            current = ""
        else:
            current += sign
    return [part for part in [*out, current.strip()] if part]


def python_type(rust, classes, *, given):
    """The Python type of a Rust type that is given to a function, or that it gives."""
    rust = re.sub(r"^&\s*('\w+\s+)?(mut\s+)?", "", rust.strip())
    match = re.fullmatch(r"(?:\w+::)*(\w+)\s*<(.*)>", rust, re.S)
    if match is None:
        if rust.startswith("(") and rust != "()":
            inner = ", ".join(python_type(part, classes, given=given) for part in parts(rust[1:-1]))
            return f"tuple[{inner}]"
        name = rust.rpartition("::")[2]
        if name == "PathBuf" and not given:
            return "pathlib.Path"
        return name if name in classes else NAMES.get(name, "Any")
    outer, inner = match[1], [part for part in parts(match[2]) if not part.startswith("'")]
    if outer in WRAPPERS and inner:
        return python_type(inner[0], classes, given=given)
    if outer == "Option":
        some = python_type(inner[0], classes, given=given)
        return some if some == "Any" else f"{some} | None"
    if outer == "Vec":
        return f"{'Sequence' if given else 'list'}[{python_type(inner[0], classes, given=given)}]"
    if outer in ("HashMap", "BTreeMap"):
        key, value = (python_type(part, classes, given=given) for part in inner)
        return f"dict[{key}, {value}]"
    return "Any"


def rust_functions():
    """(class or "", function) -> (types of parameters by name, type of the result, is it a getter), as Rust text."""
    found = {}
    for path in sorted(SOURCES.rglob("*.rs")):
        text = re.sub(r"//[^\n]*", "", path.read_text())
        blocks = [(m.start(), m[1]) for m in re.finditer(r"^impl(?:<[^>]*>)?\s+(\w+)[^{]*\{", text, re.M)]
        ends = [m.start() for m in re.finditer(r"^\}", text, re.M)]
        for match in re.finditer(r"fn\s+(\w+)(?:<[^(]*>)?\s*\(", text):
            at, depth = match.end(), 1
            while depth:
                depth += {"(": 1, ")": -1}.get(text[at], 0)
                at += 1
            arguments = text[match.end() : at - 1]
            result = re.match(r"\s*->\s*(.*?)\s*(?:where\b.*?)?\{", text[at:], re.S)
            owner = ""
            for start, name in blocks:
                if start < match.start() < min((e for e in ends if e > start), default=len(text)):
                    owner = name
            before = text[: match.start()].rpartition("}")[2]
            pairs = [part.partition(":")[::2] for part in parts(arguments) if ":" in part]
            types = {name.strip().removeprefix("mut ").lstrip("_"): kind.strip() for name, kind in pairs}
            renamed = re.search(r"name\s*=\s*\"(\w+)\"", before)
            name = renamed[1] if renamed else match[1]
            found.setdefault((owner, name), (types, result[1] if result else "()", "#[getter]" in before))
    return found


def described(text, indent):
    """A docstring."""
    text = inspect.cleandoc(text or "")
    if not text:
        return ""
    pad = " " * indent
    if "\n" not in text and len(text) + indent + 6 <= WIDTH:
        return f'{pad}"""{text}"""\n'
    lines = [line for part in text.split("\n") for line in (textwrap.wrap(part, WIDTH - indent) or [""])]
    return f'{pad}"""' + f"\n{pad}".join(lines).replace(f"\n{pad}\n", "\n\n") + f'\n{pad}"""\n'


def function(name, object_, owner, rust, classes, indent, static=False):
    """The stub of a function or method."""
    pad = " " * indent
    types, result, _ = rust.get((owner, "new" if name == "__new__" else name), ({}, "", False))
    try:
        signature = inspect.signature(object_)
    except (TypeError, ValueError):
        signature = None
    arguments, seen_star = [], False
    for parameter in signature.parameters.values() if signature else ():
        if parameter.name in ("self", "cls", "$self"):
            arguments.append(parameter.name)
            continue
        kind = python_type(types[parameter.name], classes, given=True) if parameter.name in types else "Any"
        if parameter.kind is parameter.VAR_POSITIONAL:
            arguments.append(f"*{parameter.name}: Any")
            seen_star = True
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.append(f"**{parameter.name}: Any")
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not seen_star:
            arguments.append("*")
            seen_star = True
        default = "" if parameter.default is parameter.empty else " = ..."
        arguments.append(f"{parameter.name}: {kind}{default}")
    if signature is None:
        arguments = ["*args: Any", "**kwargs: Any"]
    if owner and not static and (not arguments or arguments[0] not in ("self", "cls")):
        arguments.insert(0, "cls" if name == "__new__" else "self")
    positional = [p for p in (signature.parameters.values() if signature else ()) if p.kind is p.POSITIONAL_ONLY]
    if positional and name != "__new__" and positional[-1].name not in ("self", "cls"):
        arguments.insert(len(positional), "/")
    gives = "Self" if name == "__new__" else python_type(result, classes, given=False) if result else "Any"
    head = f"{pad}def {name}({', '.join(arguments)}) -> {gives}:"
    if len(head) > WIDTH:
        inner = "".join(f"{pad}    {argument},\n" for argument in arguments)
        head = f"{pad}def {name}(\n{inner}{pad}) -> {gives}:"
    body = described(object_.__doc__, indent + 4)
    decorator = f"{pad}@staticmethod\n" if static else ""
    return f"{decorator}{head}\n{body}" if body else f"{decorator}{head} ...\n"


def stub(module):
    """The whole file."""
    rust = rust_functions()
    members = {n: v for n, v in vars(module).items() if not n.startswith("__") and not inspect.ismodule(v)}
    classes = {name for name, value in members.items() if inspect.isclass(value)}
    out = []
    for name, value in sorted(members.items()):
        if not inspect.isclass(value):
            if callable(value):
                out.append(function(name, value, "", rust, classes, 0))
            else:
                out.append(f"{name}: {type(value).__name__}\n")
            continue
        final = "" if value.__flags__ & (1 << 10) else "@final\n"
        base = "" if value.__base__ is object else f"({value.__base__.__name__})"
        text = [f"{final}class {name}{base}:\n{described(value.__doc__, 4)}"]
        for key, member in sorted(vars(value).items()):
            if key == "__new__" and (name, "new") not in rust:
                continue
            if key.startswith("__") and key not in ("__new__", "__call__", "__len__", "__iter__", "__next__", "__reduce__"):
                continue
            static = isinstance(member, staticmethod) and key != "__new__"
            if inspect.isgetsetdescriptor(member):
                result = rust.get((name, key), ({}, "", True))[1]
                kind = python_type(result, classes, given=False) if result else "Any"
                text.append(f"    @property\n    def {key}(self) -> {kind}:\n{described(member.__doc__, 8) or '        ...'}")
            else:
                plain = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
                text.append(function(key, plain, name, rust, classes, 4, static))
        out.append("\n".join(text))
    body = "\n".join(out)
    used = {word for word in ("Any", "final", "Self") if re.search(rf"\b{word}\b", body)}
    imports = [f"import {name}\n" for name in ("os", "pathlib") if f"{name}." in body]
    abstract = [name for name in ("Mapping", "Sequence") if f"{name}[" in body]
    if abstract:
        imports.append(f"from collections.abc import {', '.join(abstract)}\n")
    imports.append(f"from typing import {', '.join(sorted(used - {'Self'}, key=str.lower))}\n")
    if "Self" in used:
        imports.append("from typing_extensions import Self\n")
    return f'# Written by xtask/stubs.py from the compiled module; do not edit.\n\n{"".join(imports)}\n__version__: str\n\n{body}'


def main():
    """Write the stub, or compare it."""
    from petavox import _core

    text = stub(_core)
    if "--check" not in sys.argv[1:]:
        STUB.write_text(text)
    elif not STUB.exists() or STUB.read_text() != text:
        sys.exit(f"{STUB.relative_to(ROOT)} is not what the module has: run python xtask/stubs.py")


if __name__ == "__main__":
    main()
