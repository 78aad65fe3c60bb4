"""numpy's functions of arrays, lazily for images (NEP 18)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from . import _elementwise
from .image import Image

_TABLE: dict[Callable[..., Any], Callable[..., Any]] = {}


def array_function(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`Image.__array_function__`."""
    lazily = _TABLE.get(func)
    if lazily is None:
        raise TypeError(
            f"{func.__module__}.{func.__name__} is not lazy for petavox.Image; compute() first, or use petavox.map_blocks"
        )
    return lazily(*args, **kwargs)


def _implements(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(lazily: Callable[..., Any]) -> Callable[..., Any]:
        _TABLE.update(dict.fromkeys(functions, lazily))
        return lazily

    return register


def image_of(value: Any) -> Image:
    """An image of whatever numpy would take as an array."""
    from ._open import from_array

    return value if isinstance(value, Image) else from_array(value)


def _axes(axis: Any, ndim: int) -> list[int] | None:
    return None if axis is None else list(normalize_axis_tuple(axis, ndim, allow_duplicate=False))


# Reductions.


def reduction(image: Image, name: str, axis: Any, keepdims: bool, **params: Any) -> Image:
    """A reduction under numpy's name."""
    given = {key: value for key, value in params.items() if value is not None}
    if "dtype" in given:
        given["dtype"] = np.dtype(given["dtype"]).name
    return image.apply(name, axis=_axes(axis, image.ndim), keepdims=bool(keepdims), **given)


def _reducer(name: str, *options: str) -> Callable[..., Image]:
    def lazily(a: Any, axis: Any = None, *args: Any, **kwargs: Any) -> Image:
        if args:
            # numpy's next positional arguments are dtype (where there is one) and out.
            kwargs["dtype" if "dtype" in options else "out"] = args[0]
        if kwargs.pop("out", None) is not None or len(args) > 1:
            raise TypeError(f"numpy.{name}: lazy images cannot be written into; leave out=")
        kwargs = {key: value for key, value in kwargs.items() if value is not np._NoValue}
        keepdims = kwargs.pop("keepdims", False)
        if "correction" in kwargs:
            kwargs["ddof"] = kwargs.pop("correction")
        for key in kwargs:
            if key not in options:
                raise TypeError(f"numpy.{name}: lazy images do not take {key}=")
        return reduction(image_of(a), name, axis, keepdims, **kwargs)

    return lazily


for _name, _options in {
    "sum": ("dtype",),
    "prod": ("dtype",),
    "mean": ("dtype",),
    "min": (),
    "max": (),
    "std": ("dtype", "ddof"),
    "var": ("dtype", "ddof"),
    "any": (),
    "all": (),
    "count_nonzero": (),
    "ptp": (),
    "argmax": (),
    "argmin": (),
}.items():
    _TABLE[getattr(np, _name)] = _reducer(_name, *_options)


# Shape.


@_implements(np.transpose)
def transpose(a: Image, axes: Sequence[int] | None = None) -> Image:
    order = list(range(a.ndim))[::-1] if axes is None else list(normalize_axis_tuple(axes, a.ndim))
    if len(order) != a.ndim:
        raise ValueError("axes don't match image")
    return a.apply("transpose", axes=order)


@_implements(np.moveaxis)
def _moveaxis(a: Image, source: Any, destination: Any) -> Image:
    source, destination = normalize_axis_tuple(source, a.ndim), normalize_axis_tuple(destination, a.ndim)
    if len(source) != len(destination):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    order = [axis for axis in range(a.ndim) if axis not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        order.insert(to, axis)
    return transpose(a, order)


@_implements(np.swapaxes)
def _swapaxes(a: Image, axis1: int, axis2: int) -> Image:
    order = list(range(a.ndim))
    i, j = normalize_axis_index(axis1, a.ndim), normalize_axis_index(axis2, a.ndim)
    order[i], order[j] = order[j], order[i]
    return transpose(a, order)


@_implements(np.flip)
def _flip(m: Image, axis: Any = None) -> Image:
    return m.apply("flip") if axis is None else m.apply("flip", axis=_axes(axis, m.ndim))


@_implements(np.flipud)
def _flipud(m: Image) -> Image:
    return _flip(m, 0)


@_implements(np.fliplr)
def _fliplr(m: Image) -> Image:
    return _flip(m, 1)


@_implements(np.rot90)
def _rot90(m: Image, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Image:
    first, second = normalize_axis_tuple(axes, m.ndim)
    if first == second:
        raise ValueError("Axes must be different.")
    if k % 4 == 2:
        return _flip(_flip(m, first), second)
    if k % 4 == 1:
        return _swapaxes(_flip(m, second), first, second)
    return _flip(_swapaxes(m, first, second), second) if k % 4 else m


@_implements(np.reshape)
def reshape(a: Image, /, shape: Any = None, order: str = "C", **kwargs: Any) -> Image:
    shape = kwargs.pop("newshape", shape)
    if order not in ("C", "A"):
        raise ValueError(f"order: got {order!r}, expected 'C': lazy images have samples in C order")
    shape = [int(shape)] if np.ndim(shape) == 0 else [int(n) for n in shape]
    if shape.count(-1) > 1:
        raise ValueError("can only specify one unknown dimension")
    if -1 in shape:
        known = int(np.prod([n for n in shape if n != -1], dtype=object))
        if known == 0 or a.size % known:
            raise ValueError(f"cannot reshape image of size {a.size} into shape {tuple(shape)}")
        shape[shape.index(-1)] = a.size // known
    if int(np.prod(shape, dtype=object)) != a.size:
        raise ValueError(f"cannot reshape image of size {a.size} into shape {tuple(shape)}")
    return a.apply("reshape", shape=shape)


@_implements(np.ravel)
def _ravel(a: Image, order: str = "C") -> Image:
    return reshape(a, -1, order=order)


@_implements(np.squeeze)
def squeeze(a: Image, axis: Any = None) -> Image:
    return a.apply("squeeze") if axis is None else a.apply("squeeze", axis=_axes(axis, a.ndim))


@_implements(np.expand_dims)
def _expand_dims(a: Image, axis: Any) -> Image:
    places = axis if isinstance(axis, (tuple, list)) else (axis,)
    return a.apply("expand_dims", axis=list(normalize_axis_tuple(places, a.ndim + len(places))))


def _at_least(n: int) -> Callable[..., Any]:
    def lazily(*images: Any) -> Any:
        def one(image: Image) -> Image:
            if n == 3 and image.ndim == 2:
                return _expand_dims(image, 2)
            if n == 3 and image.ndim == 1:
                return _expand_dims(image, (0, 2))
            while image.ndim < n:
                image = _expand_dims(image, 0)
            return image

        made = tuple(one(image_of(image)) for image in images)
        return made[0] if len(made) == 1 else made

    return lazily


_implements(np.atleast_1d)(_at_least(1))
_implements(np.atleast_2d)(_at_least(2))
_implements(np.atleast_3d)(_at_least(3))


@_implements(np.broadcast_to)
def broadcast_to(array: Image, shape: Any, subok: bool = False) -> Image:
    return array.apply("broadcast_to", shape=[int(n) for n in np.atleast_1d(shape)])


@_implements(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Image, ...]:
    images = [image_of(a) for a in args]
    shape = np.broadcast_shapes(*(image.shape for image in images))
    return tuple(broadcast_to(image, shape) for image in images)


# Put together, cut apart, moved.


def _alike(arrays: Sequence[Any], dtype: Any = None) -> list[Image]:
    images = [image_of(a) for a in arrays]
    if not images:
        raise ValueError("need at least one image")
    common = np.result_type(*(image.dtype for image in images)) if dtype is None else np.dtype(dtype)
    return [image if image.dtype == common else image.astype(common) for image in images]


@_implements(np.concatenate)
def concatenate(arrays: Sequence[Any], axis: int | None = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Image:
    if out is not None:
        raise TypeError("numpy.concatenate: lazy images cannot be written into; leave out=")
    images = _alike(arrays, dtype)
    if axis is None:
        images, axis = [_ravel(image) for image in images], 0
    at = normalize_axis_index(axis, images[0].ndim)
    return images[0].apply("concatenate", *images[1:], axis=at)


@_implements(np.stack)
def stack(arrays: Sequence[Any], axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Image:
    if out is not None:
        raise TypeError("numpy.stack: lazy images cannot be written into; leave out=")
    images = _alike(arrays, dtype)
    return images[0].apply("stack", *images[1:], axis=normalize_axis_index(axis, images[0].ndim + 1))


@_implements(np.vstack)
def _vstack(tup: Sequence[Any], **kwargs: Any) -> Image:
    return concatenate([_at_least(2)(a) for a in tup], 0, **kwargs)


@_implements(np.hstack)
def _hstack(tup: Sequence[Any], **kwargs: Any) -> Image:
    images = [_at_least(1)(a) for a in tup]
    return concatenate(images, 0 if images[0].ndim == 1 else 1, **kwargs)


@_implements(np.dstack)
def _dstack(tup: Sequence[Any]) -> Image:
    return concatenate([_at_least(3)(a) for a in tup], 2)


@_implements(np.split, np.array_split)
def _split(ary: Image, indices_or_sections: Any, axis: int = 0) -> list[Image]:
    n = ary.shape[normalize_axis_index(axis, ary.ndim)]
    if np.ndim(indices_or_sections) == 0:
        sections = int(indices_or_sections)
        sizes = [n // sections + (i < n % sections) for i in range(sections)]
        cuts = [0, *np.cumsum(sizes).tolist()]
    else:
        cuts = [0, *indices_or_sections, n]
    along = (slice(None),) * normalize_axis_index(axis, ary.ndim)
    return [ary[(*along, slice(a, b))] for a, b in zip(cuts[:-1], cuts[1:], strict=True)]


@_implements(np.take)
def take(a: Image, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Image:
    if out is not None or mode != "raise":
        raise TypeError("numpy.take: lazy images take neither out= nor mode=")
    a, axis = (_ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, a.ndim))
    return a[(slice(None),) * axis + (indices if np.ndim(indices) == 0 else np.asarray(indices),)]


@_implements(np.repeat)
def _repeat(a: Image, repeats: Any, axis: int | None = None) -> Image:
    a, axis = (_ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, a.ndim))
    return a.apply("repeat", repeats=np.asarray(repeats).tolist(), axis=axis)


@_implements(np.tile)
def _tile(A: Image, reps: Any) -> Image:
    return A.apply("tile", reps=[int(n) for n in np.atleast_1d(reps)])


@_implements(np.roll)
def _roll(a: Image, shift: Any, axis: Any = None) -> Image:
    if axis is None:
        return reshape(_roll(_ravel(a), shift, 0), a.shape)
    axes = np.atleast_1d(axis)
    shifts, axes = np.broadcast_arrays(np.atleast_1d(shift), axes)
    total: dict[int, int] = {}
    for by, along in zip(shifts.tolist(), axes.tolist(), strict=True):
        along = normalize_axis_index(along, a.ndim)
        total[along] = total.get(along, 0) + by
    return a.apply("roll", shift=list(total.values()), axis=list(total))


@_implements(np.pad)
def _pad(array: Image, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Image:
    if callable(mode):
        raise TypeError("numpy.pad: lazy images are padded by numpy's modes, not by functions")
    if isinstance(pad_width, dict):
        widths = [(0, 0)] * array.ndim
        for axis, width in pad_width.items():
            widths[normalize_axis_index(axis, array.ndim)] = tuple(np.broadcast_to(width, 2).tolist())
    else:
        widths = np.broadcast_to(np.asarray(pad_width, dtype=int), (array.ndim, 2)).tolist()
    params: dict[str, Any] = {"pad_width": [list(pair) for pair in widths], "mode": mode}
    if mode == "constant":
        values = np.broadcast_to(np.asarray(kwargs.pop("constant_values", 0)), (array.ndim, 2))
        params["constant_values"] = values.tolist()
    if kwargs:
        raise TypeError(f"numpy.pad: lazy images do not take {next(iter(kwargs))}=")
    return array.apply("pad", **params)


# By sample.


@_implements(np.where)
def _where(condition: Any, *choices: Any) -> Image:
    if len(choices) != 2:
        raise TypeError("numpy.where(condition) alone is not lazy for petavox.Image: compute() first")
    return _elementwise.call("where", [image_of(condition), *choices])


@_implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **kwargs: Any) -> Image:
    if out is not None or kwargs:
        raise TypeError("numpy.clip: lazy images take limits only")
    low = min if a_min is None else a_min
    high = max if a_max is None else a_max
    return _elementwise.call("clip", [image_of(a), low, high])


@_implements(np.round, np.around)
def round_(a: Image, decimals: int = 0, out: Any = None) -> Image:
    if out is not None:
        raise TypeError("numpy.round: lazy images cannot be written into; leave out=")
    if a.dtype.kind in "biu" and decimals >= 0:
        return a
    if decimals == 0:
        return np.rint(a)
    if a.dtype.kind != "f":
        raise TypeError("numpy.round: integer images are rounded to whole numbers only; use astype(float) first")
    scale = 10.0 ** abs(decimals)
    return np.rint(a * scale) / scale if decimals > 0 else np.rint(a / scale) * scale


@_implements(np.nan_to_num)
def _nan_to_num(x: Image, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Image:
    if x.dtype.kind != "f":
        return x
    info = np.finfo(x.dtype)
    x = np.where(np.isnan(x), nan, x)
    x = np.where(x == np.inf, float(info.max) if posinf is None else posinf, x)
    return np.where(x == -np.inf, float(info.min) if neginf is None else neginf, x)


@_implements(np.isclose)
def _isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Image:
    a, b = image_of(a), b if np.ndim(b) == 0 and not isinstance(b, Image) else image_of(b)
    close = (np.abs(a - b) <= atol + rtol * np.abs(b)) & np.isfinite(b) | (a == b)
    return close | (np.isnan(a) & np.isnan(b)) if equal_nan else close


@_implements(np.astype)
def _astype(x: Image, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Image:
    return x.astype(dtype)


@_implements(np.diff)
def _diff(a: Image, n: int = 1, axis: int = -1) -> Image:
    along = (slice(None),) * normalize_axis_index(axis, a.ndim)
    for _ in range(n):
        later, sooner = a[(*along, slice(1, None))], a[(*along, slice(None, -1))]
        a = later != sooner if a.dtype == bool else later - sooner
    return a


def _nan_reducer(name: str, fill: float) -> Callable[..., Image]:
    def lazily(a: Image, axis: Any = None, keepdims: Any = False, **kwargs: Any) -> Image:
        keepdims = False if keepdims is np._NoValue else keepdims
        if a.dtype.kind == "f":
            a = np.where(np.isnan(a), fill, a)
        return reduction(a, name, axis, keepdims, **kwargs)

    return lazily


_implements(np.nansum)(_nan_reducer("sum", 0.0))
_implements(np.nanprod)(_nan_reducer("prod", 1.0))


@_implements(np.nanmean)
def _nanmean(a: Image, axis: Any = None, keepdims: Any = False, **kwargs: Any) -> Image:
    keepdims = False if keepdims is np._NoValue else keepdims
    if a.dtype.kind != "f":
        return reduction(a, "mean", axis, keepdims, **kwargs)
    n = reduction(~np.isnan(a), "count_nonzero", axis, keepdims)
    return _nan_reducer("sum", 0.0)(a, axis, keepdims, **kwargs) / n.astype(a.dtype)


@_implements(np.zeros_like)
def _zeros_like(a: Image, dtype: Any = None, **kwargs: Any) -> Image:
    return _full_like(a, 0, dtype)


@_implements(np.ones_like)
def _ones_like(a: Image, dtype: Any = None, **kwargs: Any) -> Image:
    return _full_like(a, 1, dtype)


@_implements(np.empty_like)
def _empty_like(prototype: Image, dtype: Any = None, **kwargs: Any) -> Image:
    return _full_like(prototype, 0, dtype)


@_implements(np.full_like)
def _full_like(a: Image, fill_value: Any, dtype: Any = None, **kwargs: Any) -> Image:
    one = image_of(np.full((1,) * a.ndim, fill_value, a.dtype if dtype is None else dtype))
    return broadcast_to(one, a.shape)


# What is known without computing, and what can only be known by it.


@_implements(np.shape)
def _shape(a: Image) -> tuple[int, ...]:
    return a.shape


@_implements(np.ndim)
def _ndim(a: Image) -> int:
    return a.ndim


@_implements(np.size)
def _size(a: Image, axis: int | None = None) -> int:
    return a.size if axis is None else a.shape[axis]


@_implements(np.result_type)
def _result_type(*args: Any) -> np.dtype:
    return np.result_type(*(a.dtype if isinstance(a, Image) else a for a in args))


@_implements(np.can_cast)
def _can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    return np.can_cast(from_.dtype if isinstance(from_, Image) else from_, to, casting)


@_implements(np.iscomplexobj)
def _iscomplexobj(x: Image) -> bool:
    return False


@_implements(np.isrealobj)
def _isrealobj(x: Image) -> bool:
    return True


@_implements(np.allclose)
def _allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    return bool(reduction(_isclose(a, b, rtol, atol, equal_nan), "all", None, False).compute())


@_implements(np.array_equal)
def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    a, b = image_of(a1), image_of(a2)
    if a.shape != b.shape:
        return False
    same = a == b
    if equal_nan and a.dtype.kind == b.dtype.kind == "f":
        same = same | (np.isnan(a) & np.isnan(b))
    return bool(reduction(same, "all", None, False).compute())


from . import _order as _order  # noqa: E402  (adds its functions to the table)
from . import _searching as _searching  # noqa: E402
