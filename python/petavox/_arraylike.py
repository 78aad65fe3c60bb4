"""What makes an image behave as numpy's arrays do: indexing, operators, methods, and the protocols other libraries ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from . import config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .image import Image


class ArrayLike(np.lib.mixins.NDArrayOperatorsMixin):
    """numpy's array interface over `apply` and `compute`."""

    __slots__ = ()

    # In mixed expressions an image is asked before an array.
    __array_priority__: ClassVar[float] = 20.0

    # Protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from ._elementwise import array_ufunc

        return array_ufunc(ufunc, method, *inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from ._functions import array_function

        return array_function(func, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("a lazy image has no samples yet that could be shared: copy=False cannot be done")
        limit = config.array_limit()
        if self.nbytes > limit:
            raise MemoryError(
                f"this image has {self.nbytes:,} bytes, and numpy wants them all in memory; call compute() if that is meant, work "
                "on a part (image[...]), or raise the limit with petavox.config.set(array_limit=...)"
            )
        result = np.asarray(self.compute())
        return result if dtype is None else result.astype(dtype, copy=False)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from . import _namespace

        return _namespace

    def __dlpack__(self, **kwargs: Any) -> Any:
        kwargs.pop("copy", None)
        return self.compute().__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        # kDLCPU of the DLPack header.
        return 1, 0

    @property
    def device(self) -> str:
        """Where samples are once they are computed."""
        return "cpu"

    def to_device(self, device: str, /, *, stream: Any = None) -> Image:
        """The image itself: there is one device."""
        if device != "cpu":
            raise ValueError(f"device: got {device!r}, expected 'cpu'")
        return self

    # Indexing.

    def __getitem__(self, key: Any) -> Image:
        from ._indexing import getitem

        return getitem(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("images cannot be assigned to: make a new one with numpy.where, or compute() and assign to the array")

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of an image without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Image]:
        if self.ndim == 0:
            raise TypeError("iteration over an image without axes")
        return (self[i] for i in range(self.shape[0]))

    # One sample as a Python number.

    def item(self) -> bool | int | float:
        """The sample of an image that has one; computes.

        Raises
        ------
        ValueError
            If there are more, or none.
        """
        if self.size != 1:
            raise ValueError(f"an image of {self.size} samples is not one number")
        return np.asarray(self.compute()).item()

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                "The truth value of an image with more than one sample is ambiguous. Use image.any() or image.all()"
            )
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TypeError("only integer images of one sample are indices")
        return int(self.item())

    # ndarray's methods.

    @property
    def T(self) -> Image:
        """The image with its axes backwards."""
        return self.transpose()

    @property
    def mT(self) -> Image:
        """The image with its last two axes swapped."""
        return np.swapaxes(self, -1, -2)

    @property
    def itemsize(self) -> int:
        """Bytes of a sample."""
        return self.dtype.itemsize

    def astype(self, dtype: Any, *, copy: bool = True) -> Image:
        """The image with another dtype, converted as numpy does.

        Parameters
        ----------
        dtype : dtype
            bool, an integer of 8 to 64 bits, float32 or float64.

        Returns
        -------
        Image
        """
        dtype = np.dtype(dtype)
        return self if dtype == self.dtype else self.apply("astype", dtype=dtype.name)

    def transpose(self, *axes: Any) -> Image:
        """The image with its axes in another order, backwards by default (`numpy.transpose`)."""
        from ._functions import transpose

        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))):
            axes = axes[0]
        return transpose(self, axes or None)

    def swapaxes(self, axis1: int, axis2: int) -> Image:
        """The image with two axes swapped (`numpy.swapaxes`)."""
        return np.swapaxes(self, axis1, axis2)

    def reshape(self, *shape: Any, order: str = "C") -> Image:
        """The samples in another shape, where blocks stay blocks (`numpy.reshape`).

        Raises
        ------
        ValueError
            If the sizes differ, or blocks of the result would be scattered over the image; the message says what works.
        """
        from ._functions import reshape

        return reshape(self, shape[0] if len(shape) == 1 else shape, order=order)

    def ravel(self, order: str = "C") -> Image:
        """The samples along one axis."""
        return self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> Image:
        """The samples along one axis."""
        return self.reshape(-1, order=order)

    def squeeze(self, axis: Any = None) -> Image:
        """The image without axes of one sample."""
        return np.squeeze(self, axis)

    def take(self, indices: Any, axis: int | None = None) -> Image:
        """The samples at `indices` along an axis (`numpy.take`)."""
        return np.take(self, indices, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Image:
        """Every sample several times (`numpy.repeat`)."""
        return np.repeat(self, repeats, axis)

    def clip(self, min: Any = None, max: Any = None) -> Image:
        """The samples held between two limits (`numpy.clip`)."""
        return np.clip(self, min, max)

    def round(self, decimals: int = 0) -> Image:
        """The samples rounded to even (`numpy.round`)."""
        return np.round(self, decimals)

    def copy(self, order: str = "C") -> Image:
        """The image itself: images do not change."""
        return self

    # Reductions.

    def sum(self, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Image:
        """Sum of the samples along axes (`numpy.sum`); of all by default.

        Parameters
        ----------
        axis : int, tuple of int, or None
            Axes that are summed over.
        dtype : dtype, optional
            Of the result; by default numpy's: 64-bit for integers, the image's for floats.
        keepdims : bool
            Keep the axes, with one sample.

        Returns
        -------
        Image
        """
        return self._reduced("sum", axis, keepdims, dtype=dtype)

    def prod(self, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Image:
        """Product of the samples along axes (`numpy.prod`)."""
        return self._reduced("prod", axis, keepdims, dtype=dtype)

    def mean(self, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Image:
        """Mean of the samples along axes (`numpy.mean`)."""
        return self._reduced("mean", axis, keepdims, dtype=dtype)

    def std(self, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Image:
        """Standard deviation along axes (`numpy.std`)."""
        return self._reduced("std", axis, keepdims, dtype=dtype, ddof=ddof)

    def var(self, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Image:
        """Variance along axes (`numpy.var`)."""
        return self._reduced("var", axis, keepdims, dtype=dtype, ddof=ddof)

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Image:
        """Smallest sample along axes; NaN if there is one (`numpy.min`)."""
        return self._reduced("min", axis, keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Image:
        """Largest sample along axes; NaN if there is one (`numpy.max`)."""
        return self._reduced("max", axis, keepdims)

    def any(self, axis: Any = None, *, keepdims: bool = False) -> Image:
        """Whether a sample along axes is not 0 (`numpy.any`)."""
        return self._reduced("any", axis, keepdims)

    def all(self, axis: Any = None, *, keepdims: bool = False) -> Image:
        """Whether all samples along axes are not 0 (`numpy.all`)."""
        return self._reduced("all", axis, keepdims)

    def argmax(self, axis: int | None = None, *, keepdims: bool = False) -> Image:
        """Position of the first largest sample along an axis, or in raster order (`numpy.argmax`)."""
        return self._reduced("argmax", axis, keepdims)

    def argmin(self, axis: int | None = None, *, keepdims: bool = False) -> Image:
        """Position of the first smallest sample along an axis, or in raster order (`numpy.argmin`)."""
        return self._reduced("argmin", axis, keepdims)

    def _reduced(self, name: str, axis: Any, keepdims: bool, **params: Any) -> Image:
        from ._functions import reduction

        return reduction(self, name, axis, keepdims, **params)
