"""A pytest plugin that runs scipy.ndimage's own tests on petavox.ndimage.

    python -m pytest -p substitute --pyargs scipy.ndimage.tests [--chunked] [--record FILE]

Every function of scipy.ndimage that petavox.ndimage has is replaced by it, wherever the tests hold it: in the module, in
their own globals and in their parameters. With --chunked, every array argument is stored first, in chunks of 3 and 5
samples, the function is called on the lazy image, and what it gives is computed in blocks of 5 samples along each axis.

known.toml beside this file lists the tests that fail, with the reason; they must fail, all others must pass:

    [[known]]
    test = "test_filters.py::test_name"        # or a glob: test_filters.py::TestFilters::test_x[*-complex64]
    mode = "both"                              # or eager, chunked
    reason = "..."
"""

import fnmatch
import functools
import inspect
import itertools
import json
import pathlib
import shutil
import tempfile
import tomllib

import numpy as np
import pytest
import scipy.ndimage

import petavox
import petavox.ndimage

#: Arguments that are images, by name; the others say what to do with them.
IMAGES = ("input", "labels", "mask", "coordinates", "index_image")
KNOWN = pathlib.Path(__file__).with_name("known.toml")
OURS = {name: getattr(petavox.ndimage, name) for name in petavox.ndimage.__all__ if hasattr(scipy.ndimage, name)}
THEIRS = {name: getattr(scipy.ndimage, name) for name in OURS}


def pytest_addoption(parser):
    group = parser.getgroup("petavox")
    group.addoption("--chunked", action="store_true", help="store arrays as small odd chunks and compute out of core")
    group.addoption("--record", metavar="FILE", help="write the outcome of every test as JSON")


def pytest_configure(config):
    # Many small files: in memory, where the system has such a folder.
    memory = pathlib.Path("/dev/shm")
    config.folder = pathlib.Path(tempfile.mkdtemp(prefix="petavox-scipy-", dir=memory if memory.is_dir() else None))
    config.outcomes = {}
    config.calls = {"chunked": 0, "eager": 0}
    make = functools.partial(chunked, config=config) if config.getoption("--chunked") else (lambda function: function)
    config.swap = {id(THEIRS[name]): make(function) for name, function in OURS.items()}
    # scipy.ndimage hands out wrappers of these.
    for name in OURS:
        setattr(scipy.ndimage, name, config.swap[id(THEIRS[name])])


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session):
    # Tests look their functions up in scipy's tables while they are imported: scipy's own ones then.
    for name, function in THEIRS.items():
        setattr(scipy.ndimage, name, function)


def pytest_collection_modifyitems(config, items):
    for name in OURS:
        setattr(scipy.ndimage, name, config.swap[id(THEIRS[name])])
    for module in {item.module for item in items if hasattr(item, "module")}:
        for name, value in list(vars(module).items()):
            setattr(module, name, swapped(value, config.swap))
    config.files = {item.nodeid: item.path.name for item in items}
    for item in items:
        if hasattr(item, "callspec"):
            item.callspec.params.update({key: swapped(value, config.swap) for key, value in item.callspec.params.items()})


    mark_known(config, items)


def mark_known(config, items):
    """Tests that are known to fail have to: a test that passes again has to leave the list."""
    mode = "chunked" if config.getoption("--chunked") else "eager"
    listed = tomllib.loads(KNOWN.read_text()).get("known", []) if KNOWN.exists() else []
    listed = [one for one in listed if one["mode"] in ("both", mode)]
    for item in items:
        name = f"{item.path.name}::{item.nodeid.split('::', 1)[1]}"
        for one in listed:
            if matches(name, one["test"]):
                item.add_marker(pytest.mark.xfail(reason=one["reason"], strict=True))
                break


def matches(name, pattern):
    """Whether a test is meant: by its whole name, without its parameters, or by a glob in which only * is special."""
    if "*" not in pattern:
        return pattern in (name, name.split("[")[0])
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def swapped(value, swap):
    """`value` with our functions in the place of scipy's."""
    if id(value) in swap:
        return swap[id(value)]
    if type(value) in (list, tuple):
        return type(value)(swapped(one, swap) for one in value)
    if type(value) is dict:
        return {key: swapped(one, swap) for key, one in value.items()}
    if isinstance(value, functools.partial):
        return functools.partial(swapped(value.func, swap), *value.args, **value.keywords)
    return value


def edge(n):
    """Samples of a chunk or block along an axis of `n`: few and odd, and not thousands of them."""
    return max(5, n // 12 | 1)


def write_zarr(path, array):
    """A Zarr of format 2 in small odd chunks, written plainly: thousands of them have to be quick."""
    chunks = [min(n, edge(n) - 2 * (axis % 2)) for axis, n in enumerate(array.shape)]
    path.mkdir()
    about = {"zarr_format": 2, "shape": array.shape, "chunks": chunks, "dtype": array.dtype.str, "order": "C"}
    about |= {"compressor": None, "filters": None, "fill_value": 0}
    (path / ".zarray").write_text(json.dumps(about))
    whole = np.pad(array, [(0, -n % c) for n, c in zip(array.shape, chunks, strict=True)])
    for place in np.ndindex(*(n // c for n, c in zip(whole.shape, chunks, strict=True))):
        chunk = whole[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, chunks, strict=True))]
        chunk.tofile(path / ".".join(map(str, place)))


def chunked(function, config):
    """The function on stored images, computed block by block."""
    signature = inspect.signature(function)
    numbers = itertools.count()

    def stored(value):
        if not isinstance(value, (np.ndarray, list, tuple)):
            return value
        array = np.asarray(value)
        if not array.ndim or not array.size or array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or array.dtype == np.float16:
            return value
        path = config.folder / f"{function.__name__}{next(numbers)}.zarr"
        write_zarr(path, array.astype(array.dtype.newbyteorder("<")))
        return petavox.open(path)

    def computed(result):
        if isinstance(result, (petavox.Image, petavox.fft.Spectrum)):
            array = result.compute()
            return array[()] if array.ndim == 0 else array
        if isinstance(result, (tuple, list)):
            return type(result)(computed(one) for one in result)
        return result

    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)
        given = {}
        for name, value in bound.arguments.items():
            given[name] = stored(value) if name in IMAGES else value
        lazy = [name for name, value in given.items() if isinstance(value, petavox.Image)]
        outputs = [name for name, value in given.items() if name in ("output", "distances", "indices") and isinstance(value, np.ndarray)]
        if not lazy or outputs:
            config.calls["eager"] += 1
            return function(*args, **kwargs)
        longest = max(max(given[name].shape) for name in lazy)
        with petavox.config.set(block_edge=edge(longest)):
            bound.arguments.update(given)
            try:
                result = function(*bound.args, **bound.kwargs)
            except NotImplementedError:
                # No definition out of core: the function says so, and takes arrays only.
                config.calls["eager"] += 1
                return function(*args, **kwargs)
            config.calls["chunked"] += 1
            return computed(result)

    return call


def pytest_runtest_logreport(report):
    config = pytest_runtest_logreport.config
    if report.when == "call" or report.outcome != "passed":
        before = config.outcomes.get(report.nodeid)
        outcome = "xfailed" if hasattr(report, "wasxfail") and report.skipped else report.outcome
        if before != "failed":
            config.outcomes[report.nodeid] = outcome


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    pytest_runtest_logreport.config = session.config


def pytest_terminal_summary(terminalreporter, config):
    counts = {}
    for test, outcome in config.outcomes.items():
        counts.setdefault(config.files[test], {}).setdefault(outcome, []).append(test)
    for file, by in sorted(counts.items()):
        terminalreporter.write_line(f"{file:28} " + ", ".join(f"{len(tests)} {outcome}" for outcome, tests in sorted(by.items())))
    missing = sorted(set(scipy.ndimage.__all__) - set(OURS) - {"filters", "fourier", "interpolation", "measurements", "morphology"})
    terminalreporter.write_line(f"functions that are scipy's own still: {', '.join(missing) or 'none'}")
    if config.getoption("--chunked"):
        terminalreporter.write_line(f"calls out of core {config.calls['chunked']}, with arrays {config.calls['eager']}")
    if record := config.getoption("--record"):
        pathlib.Path(record).write_text(json.dumps(config.outcomes, indent=0, sort_keys=True))


def pytest_unconfigure(config):
    shutil.rmtree(config.folder, ignore_errors=True)
