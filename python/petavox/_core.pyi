# Written by xtask/stubs.py from the compiled module; do not edit.

import os
from collections.abc import Mapping, Sequence
from typing import Any, final
from typing_extensions import Self

__version__: str

@final
class LazyImage:
    """A lazy image. `petavox.Image` is what users see."""

    def apply(self, name: str, params: str = ..., others: Sequence[LazyImage] = ...) -> LazyImage:
        """The image that the operation `name` makes of this one and `others`; `params` are JSON."""

    @property
    def axes(self) -> str:
        """Letters of the axes."""

    @property
    def chunks(self) -> list[int]:
        """Samples per axis of the parts the image comes in."""

    @staticmethod
    def compute_all_into(images: Sequence[LazyImage], arrays: Sequence[Any], settings: Mapping[str, Any]) -> None:
        """Computes several images into numpy arrays of their shapes and dtypes."""

    def compute_in_place(self, settings: Mapping[str, Any]) -> Any:
        """Computes the image in memory that numpy takes over, where no array has to be filled; None where one has."""

    def compute_into(self, array: Any, settings: Mapping[str, Any]) -> None:
        """Computes the image into a numpy array of its shape and dtype."""

    def contours(
        self,
        level: float,
        high_connected: bool,
        settings: Mapping[str, Any],
        mask: LazyImage | None = ...,
    ) -> tuple[Any, Any]:
        """Lines of one level: points as rows and columns, and where each line begins among them."""

    @property
    def dtype(self) -> str:
        """numpy's name of the dtype."""

    def explain(self, format: str, settings: Mapping[str, Any]) -> str:
        """The plan of computing the image, as `text`, `html`, `dot` or `json`."""

    @staticmethod
    def from_numpy(array: Any, name: str, axes: str | None = ..., spacing: Sequence[float] | None = ...) -> LazyImage:
        """An image over a numpy array of a supported dtype, read in place, or over a reader of another array."""

    @staticmethod
    def from_plan(plan: str, held: dict[str, Any]) -> LazyImage:
        """The image that `to_plan` wrote, with the objects that `held` gave."""

    def held(self) -> dict[str, Any]:
        """The Python objects that the plan names."""

    def histogram(self, nbins: int, settings: Mapping[str, Any]) -> tuple[list[int], list[float]]:
        """The image's histogram: samples in each bin, and the middles of the bins."""

    def holding(self, object: Any, name: str) -> LazyImage:
        """The same image, which keeps an object alive as long as anything is made of it."""

    @property
    def id(self) -> int:
        """A hash of what is computed."""

    def info(self) -> str | None:
        """What the file says about itself, as JSON; nothing if the image was not opened from one."""

    def map_blocks(self, function: Any, mapping: str, others: Sequence[LazyImage] = ...) -> LazyImage:
        """The image that a Python function makes of this one and `others`, chunk by chunk; `mapping` is JSON."""

    def marching_cubes(
        self,
        level: float,
        step: int,
        interpolated: bool,
        settings: Mapping[str, Any],
        mask: LazyImage | None = ...,
    ) -> Any:
        """The surface of one level: vertices, faces and normals by threes, and values."""

    def measure(
        self,
        properties: Sequence[str],
        settings: Mapping[str, Any],
        images: Sequence[LazyImage] = ...,
        spacing: Sequence[float] = ...,
        edges: Sequence[float] = ...,
        numbered: bool = ...,
    ) -> dict[str, Any]:
        """Measures the regions of a label image; a table as a dict of columns."""

    @property
    def op(self) -> str:
        """The operation that makes the image."""

    @staticmethod
    def open(
        path: str,
        axes: str | None = ...,
        spacing: Sequence[float] | None = ...,
        missing: str = ...,
        scratch: str | os.PathLike[str] | None = ...,
        first_slice_only: bool = ...,
    ) -> LazyImage:
        """Opens a file, a folder of slices or a glob."""

    @property
    def origin(self) -> list[float]:
        """Physical position of the first sample's centre per axis."""

    def pairs(self, other: LazyImage, settings: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Pairs of labels of this image and another: labels of both, and counts."""

    def placed(self, axes: str | None = ..., spacing: Sequence[float] | None = ...) -> LazyImage:
        """The same samples with axes or spacing of another meaning."""

    def points(self, image: LazyImage, settings: Mapping[str, Any]) -> tuple[Any, Any]:
        """Raster numbers of the samples of this mask that are not 0, and the samples of an image there."""

    def save(self, path: str | os.PathLike[str], options: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
        """Computes the image into a file. What was done comes back as JSON."""

    @property
    def shape(self) -> list[int]:
        """Samples per axis."""

    @property
    def spacing(self) -> list[float]:
        """Physical size of a sample per axis."""

    def to_plan(self) -> str:
        """The plan as text."""

    def trace(
        self,
        settings: Mapping[str, Any],
        mask: LazyImage | None = ...,
        intensity: LazyImage | None = ...,
        value_is_height: bool = ...,
    ) -> dict[str, Any]:
        """Traces the branches of a skeleton: `table`, `ranks`, `values`, `offsets`, `voxels`."""

    @property
    def unit(self) -> str | None:
        """The unit of the spacing."""

@final
class Output:
    """A Zarr that several processes write, in the process that started it."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Create and return a new object.  See help(type) for accurate signature."""

    def abandon(self) -> None:
        """Removes what was written."""

    @staticmethod
    def described(image: LazyImage, path: str | os.PathLike[str], options: str) -> Output:
        """Starts one that the command line program describes."""

    def finish(self) -> None:
        """Moves it to its final name."""

    def levels(self) -> list[list[int]]:
        """Shapes of the levels."""

    def wants(self, level: int) -> str:
        """What the computation of a level wants, as JSON."""

@final
class Server:
    """A server that answers until it is stopped."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Create and return a new object.  See help(type) for accurate signature."""

    @property
    def names(self) -> list[str]:
        """The names of the images in addresses."""

    @property
    def running(self) -> bool:
        """Whether it still answers."""

    def stop(self) -> None:
        """Ends the answers; what is under way is given up."""

    @property
    def url(self) -> str:
        """What to open in a browser."""

@final
class Shared:
    """One process' part in a shared computation."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Create and return a new object.  See help(type) for accurate signature."""

    def analyse(
        self,
        path: str | os.PathLike[str],
        job: str,
        volume: Any,
        values: Any,
        settings: Mapping[str, Any],
    ) -> str:
        """Thins and traces the mask that was stored; `job` and what comes back are JSON."""

    def finish(self, stage: int, output: int, part: Any, values: Any) -> bytes:
        """The value of a fold from its merged part."""

    @staticmethod
    def job(wants: str, memory: int, n_tasks: int, folder: str | os.PathLike[str]) -> str:
        """The job of these wants (JSON), as JSON."""

    def merge(self, stage: int, output: int, parts: Sequence[Any], values: Any) -> bytes:
        """Merges parts of one output, in order."""

    def missing(self, stage: int, start: int, stop: int) -> list[tuple[int, str]]:
        """The blocks among `start..stop` that are not whole where they were stored: their numbers, and where they lie.
        """

    def prepare(self, stage: int) -> None:
        """Makes ready what a stage's tasks write into."""

    def run(self, stage: int, start: int, stop: int, values: Any) -> tuple[list[bytes], list[Any]]:
        """Makes the blocks `start..stop`: the merged part per output, and the pieces of the result."""

    def stages(self) -> str:
        """The stages as JSON."""

    def sweep(self, stage: int, output: int, volume: Any, values: Any, settings: Mapping[str, Any]) -> None:
        """Makes the passes of a sweep and stores its image."""

def analyse(image: LazyImage, path: str | os.PathLike[str], job: str, settings: Mapping[str, Any]) -> str:
    """Thins and traces an image in this process, into a folder; `job` and what comes back are JSON."""

def available_memory() -> int:
    """Bytes of memory that this process could still get."""

def default_threads() -> int:
    """The threads that compute at once where nothing is said."""

def fuse_tiles(layout: str, tiles: Sequence[LazyImage], masks: Sequence[LazyImage | None], options: str) -> LazyImage:
    """The mosaic of a layout (JSON), or of images that stand for its tiles, as a lazy image."""

def orientations_of(
    layout: str,
    tiles: Sequence[LazyImage],
    skip_missing: bool,
    settings: Mapping[str, Any],
) -> list[Any]:
    """The eight ways in which the camera may be mounted, best first."""

def peak_memory() -> int | None:
    """The largest resident memory of this process so far, in bytes; None where the system does not tell."""

def read_layout(
    path: str | os.PathLike[str],
    spacing: Sequence[float] | None = ...,
    pattern: str | None = ...,
    overlap: Sequence[float] | None = ...,
    orientation: str | None = ...,
    skip_missing: bool = ...,
) -> str:
    """Reads a layout's file; what comes back is JSON."""

def set_thread_limit(limit: int | None = ...) -> None:
    """Limits the threads that compute at once in this process; None for no limit."""

def spaced(points: Any, spacing: float, p_norm: float, most: int | None) -> Any:
    """The numbers of points (rows of int64) that are not nearer than `spacing` to one taken before; at most `most`."""

def stitch_tiles(
    layout: str,
    tiles: Sequence[LazyImage],
    masks: Sequence[LazyImage | None],
    options: str,
    settings: Mapping[str, Any],
) -> str:
    """Finds where tiles lie; what is found comes back as JSON."""

def thread_limit() -> int | None:
    """The most threads that may compute at once, whatever runs ask for; None if there is no limit."""

def thresholds(method: str, counts: Sequence[int], centers: Sequence[float], dtype: str, n: int) -> list[float]:
    """The thresholds that a method finds in a histogram; `n` is the number of classes, or of rounds at most."""

def working_threads() -> int:
    """The threads that compute now."""
