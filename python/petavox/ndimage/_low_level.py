"""Compiled callbacks (scipy.LowLevelCallable and the capsules it is made of) as Python functions."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

_WINDOW = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p)
_LINE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_void_p
)

_POINT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)


def is_low_level(function: Any) -> bool:
    """True for a capsule, or a tuple that begins with one."""
    return type(_capsule(function)).__name__ == "PyCapsule"


def _capsule(function: Any) -> Any:
    # scipy's tuples refuse to be indexed, but are tuples.
    return tuple.__getitem__(function, 0) if isinstance(function, tuple) and len(function) else function


def _address(function: Any) -> tuple[int, int | None]:
    """The address of the callback and of what it is to be given."""
    api = ctypes.pythonapi
    name, pointer, context = api.PyCapsule_GetName, api.PyCapsule_GetPointer, api.PyCapsule_GetContext
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    context.restype, context.argtypes = ctypes.c_void_p, [ctypes.py_object]
    capsule = _capsule(function)
    return pointer(capsule, name(capsule)), context(capsule)


def of_window(function: Any) -> Callable[[np.ndarray], float]:
    """``int f(double *samples, npy_intp n, double *result, void *data)`` as a function of the samples."""
    address, data = _address(function)
    call = _WINDOW(address)

    def called(samples: np.ndarray) -> float:
        samples = np.ascontiguousarray(samples, np.float64)
        result = np.zeros(1)
        if not call(samples.ctypes.data, samples.size, result.ctypes.data, data):
            raise RuntimeError("the compiled function reported an error")
        return float(result[0])

    return called


def of_line(function: Any) -> Callable[[np.ndarray, np.ndarray], None]:
    """``int f(double *line, npy_intp n, double *results, npy_intp m, void *data)`` as a function of both lines."""
    address, data = _address(function)
    call = _LINE(address)

    def called(line: np.ndarray, results: np.ndarray) -> None:
        if not call(line.ctypes.data, line.size, results.ctypes.data, results.size, data):
            raise RuntimeError("the compiled function reported an error")

    return called


def of_point(function: Any, ndim: int) -> Callable[[tuple[int, ...]], np.ndarray]:
    """``int f(npy_intp *place, double *point, int n_out, int n_in, void *data)`` as a function of the place of an output sample."""
    address, data = _address(function)
    call = _POINT(address)

    def called(place: tuple[int, ...]) -> np.ndarray:
        at, point = np.array(place, np.intp), np.empty(ndim)
        if not call(at.ctypes.data, point.ctypes.data, len(place), ndim, data):
            raise RuntimeError("the compiled function reported an error")
        return point

    return called
