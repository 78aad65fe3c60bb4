"""numpy's ufuncs as lazy operations, with numpy's dtype rules (NEP 13 and NEP 50)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: ufuncs that the core has; its names are numpy's.
CORE = frozenset(
    """
    add subtract multiply divide floor_divide remainder fmod power maximum minimum fmax fmin arctan2 hypot copysign logaddexp
    equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not
    bitwise_and bitwise_or bitwise_xor invert left_shift right_shift
    negative positive absolute fabs sign square sqrt cbrt reciprocal exp exp2 expm1 log log2 log10 log1p
    sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh degrees radians
    floor ceil trunc rint isnan isinf isfinite signbit
    """.split()
)

#: Other names of the same functions.
ALIASES = {"true_divide": "divide", "deg2rad": "radians", "rad2deg": "degrees", "bitwise_not": "invert", "mod": "remainder"}

#: What `ufunc.reduce` is called when it is not a ufunc's.
REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_or": "any",
    "logical_and": "all",
}


def call(name: str, operands: list[Any], dtype: Any = None) -> Any:
    """The operation `name` of images, arrays and numbers; at least one is an image."""
    from ._open import from_array
    from .image import Image

    images: list[Image] = []
    written: list[dict[str, Any] | None] = []
    for operand in operands:
        if isinstance(operand, np.ndarray) and operand.ndim > 0 or _is_array(operand):
            operand = from_array(operand)
        if isinstance(operand, Image):
            at = next((i for i, known in enumerate(images) if known is operand), len(images))
            if at == len(images):
                images.append(operand)
            written.append({"image": at})
        else:
            written.append(None if operand is None else number(operand))
    params: dict[str, Any] = {"operands": written}
    if dtype is not None:
        params["dtype"] = np.dtype(dtype).name
    try:
        return images[0].apply(name, *images[1:], **params)
    except ValueError as error:
        if "out of bounds for" in str(error):
            # numpy's exception for a Python integer that the dtype cannot hold.
            raise OverflowError(str(error)) from None
        raise


def number(value: Any) -> dict[str, Any]:
    """A number as the core reads it: Python's take the images' dtype, numpy's have their own."""
    if isinstance(value, (np.generic, np.ndarray)):
        plain = value.item()
        if isinstance(plain, (bool, int, float)):
            return {"value": _json(plain), "dtype": value.dtype.name}
        value = plain
    if isinstance(value, (bool, int, float)):
        return {"value": _json(value), "dtype": "weak"}
    raise TypeError(f"an image and {type(value).__name__} have no common operation; images are real numbers")


def is_operand(value: Any) -> bool:
    """Whether images can be combined with it."""
    from .image import Image

    if isinstance(value, (np.generic, np.ndarray)):
        return value.dtype.kind in "biuf"
    return isinstance(value, (Image, bool, int, float)) or _is_array(value)


def _is_array(value: Any) -> bool:
    from .image import Image

    known = isinstance(value, (Image, np.ndarray, np.generic))
    return not known and hasattr(value, "__array__") and hasattr(value, "shape")


def _json(value: bool | int | float) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def array_ufunc(ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """`Image.__array_ufunc__`."""
    if not all(is_operand(i) for i in inputs):
        return NotImplemented
    if kwargs.pop("out", None) is not None:
        raise TypeError(f"numpy.{ufunc.__name__}: lazy images cannot be written into; leave out=, or compute first")
    name = ALIASES.get(ufunc.__name__, ufunc.__name__)
    if method == "reduce" and name in REDUCTIONS:
        kwargs.setdefault("axis", 0)
        return getattr(inputs[0], REDUCTIONS[name])(**{k: v for k, v in kwargs.items() if v is not np._NoValue})
    if method != "__call__":
        raise TypeError(f"numpy.{ufunc.__name__}.{method} is not lazy for petavox.Image; compute() first")
    dtype = kwargs.pop("dtype", None)
    kwargs.pop("casting", None)
    if kwargs.pop("where", True) is not True:
        raise TypeError(f"numpy.{ufunc.__name__}: where= needs out=; use numpy.where instead")
    if kwargs:
        raise TypeError(f"numpy.{ufunc.__name__}: lazy images do not take {next(iter(kwargs))}=")
    if name == "divmod":
        return call("floor_divide", list(inputs), dtype), call("remainder", list(inputs), dtype)
    if name in CORE:
        return call(name, list(inputs), dtype)
    return _by_numpy(ufunc, inputs, dtype)


def _by_numpy(ufunc: np.ufunc, inputs: tuple[Any, ...], dtype: Any) -> Any:
    """Any other ufunc of numpy, scipy.special or numba, called block by block."""
    from .blocks import map_blocks

    if ufunc.nout != 1 or ufunc.signature is not None:
        raise TypeError(f"{ufunc.__name__} is not lazy for petavox.Image; compute() first, or use petavox.map_blocks")
    return map_blocks(_Called(ufunc, dtype), *inputs)


class _Called:
    """A ufunc with its dtype, in a form that travels."""

    def __init__(self, ufunc: np.ufunc, dtype: Any) -> None:
        self.ufunc, self.dtype = ufunc, dtype
        self.__name__ = ufunc.__name__

    def __call__(self, *blocks: Any) -> np.ndarray:
        result = self.ufunc(*blocks) if self.dtype is None else self.ufunc(*blocks, dtype=self.dtype)
        # Images have no half floats.
        return result.astype(np.float32) if result.dtype == np.float16 else result
