"""What ``Image.__array_namespace__`` gives: the functions of the array API standard that lazy images have.

See https://data-apis.org/array-api. Functions are numpy's, which come back to the image; creation functions make images.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._open import from_array

__array_api_version__ = "2024.12"

_DISPATCHED = """
abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or bitwise_right_shift
bitwise_xor ceil clip copysign cos cosh divide equal exp expm1 floor floor_divide greater greater_equal hypot isfinite isinf
isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or logical_xor maximum minimum multiply
negative not_equal positive pow reciprocal remainder round sign signbit sin sinh square sqrt subtract tan tanh trunc
astype broadcast_arrays broadcast_to can_cast result_type
concat expand_dims flip moveaxis permute_dims repeat reshape roll squeeze stack tile
take where argmax argmin count_nonzero max mean min prod std sum var all any diff
zeros_like ones_like full_like empty_like
""".split()

_AS_NUMPY = """
e inf nan newaxis pi bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 finfo iinfo isdtype
""".split()

_CREATED = "arange empty eye full linspace ones zeros".split()

globals().update({name: getattr(np, name) for name in _DISPATCHED + _AS_NUMPY})


def _creator(name: str) -> Any:
    function = getattr(np, name)

    def create(*args: Any, device: Any = None, **kwargs: Any) -> Any:
        _check_device(device)
        return from_array(function(*args, **kwargs))

    create.__name__ = name
    create.__doc__ = f"numpy.{name} as an image."
    return create


globals().update({name: _creator(name) for name in _CREATED})


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Any:
    """An image of numbers, an array or an image."""
    _check_device(device)
    image = from_array(obj)
    return image if dtype is None else image.astype(dtype)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """An image over memory that another library shares."""
    return from_array(np.from_dlpack(x))


class _Info:
    """What the namespace can do, as the standard asks."""

    def capabilities(self) -> dict[str, Any]:
        """Boolean indexing and sizes that depend on data are not lazy; images have at most 8 axes."""
        return {"boolean indexing": False, "data-dependent shapes": False, "max dimensions": 8}

    def default_device(self) -> str:
        """The only device."""
        return "cpu"

    def devices(self) -> list[str]:
        """The devices."""
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """numpy's."""
        return {"real floating": np.float64, "integral": np.int64, "indexing": np.int64}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The dtypes that images have."""
        names = _AS_NUMPY[_AS_NUMPY.index("bool") : _AS_NUMPY.index("float64") + 1]
        found = {name: np.dtype(getattr(np, name)) for name in names}
        return found if kind is None else {n: d for n, d in found.items() if np.isdtype(d, kind)}


def __array_namespace_info__() -> _Info:
    """The inspection functions of the standard."""
    return _Info()


def _check_device(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f"device: got {device!r}, expected 'cpu'")
