"""Results of blocks that are no image: lists, points, tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import config
from ._block_call import Call, Collect

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from .image import Image


class BlockResults:
    """What a function returns for each block of an image, not yet computed; made by `petavox.map_blocks` and `map_overlap`.

    Nothing is kept: each call of `compute` calls the function for every block.
    """

    def __init__(self, images: list[Image], call: Call, kind: str, coordinates: Any) -> None:
        self._images = images
        self._call = call
        self._kind = kind
        self._coordinates = coordinates

    @property
    def n_blocks(self) -> int:
        """Number of blocks, and of results."""
        return math.prod(self._call.layout.counts)

    def __len__(self) -> int:
        return self.n_blocks

    def __repr__(self) -> str:
        what = "table" if self._kind == "table" else "list"
        return f"<petavox.BlockResults: a {what} of {self._call.label} over {self.n_blocks} blocks of {self._images[0]!r}>"

    def compute(
        self, *, memory: int | str | None = None, threads: int | None = None, progress: bool | None = None
    ) -> list[Any] | pandas.DataFrame | dict[str, np.ndarray]:
        """Call the function for every block.

        Parameters
        ----------
        memory, threads, progress
            As for `Image.compute`. What the function returns comes on top of the memory.

        Returns
        -------
        list, or pandas.DataFrame
            One result per block in raster order; tables as one, with their rows in that order. Without pandas a table is a
            dict of numpy arrays.
        """
        found = self._found(memory, threads, progress)
        return found if self._kind == "list" else _joined(found)

    def to_pandas(self, **settings: Any) -> pandas.DataFrame:
        """Compute a table as a pandas DataFrame.

        Parameters
        ----------
        **settings
            As for `compute`.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed.
        TypeError
            If the results are no tables.
        """
        import pandas

        self._check_table()
        return pandas.DataFrame(self.compute(**settings))

    def to_arrow(self, **settings: Any) -> pyarrow.Table:
        """Compute a table as a pyarrow Table.

        Parameters
        ----------
        **settings
            As for `compute`.

        Returns
        -------
        pyarrow.Table

        Raises
        ------
        ImportError
            If pyarrow is not installed.
        TypeError
            If the results are no tables.
        """
        import pyarrow

        self._check_table()
        table = self.compute(**settings)
        if isinstance(table, dict):
            return pyarrow.table(table)
        return pyarrow.Table.from_pandas(table, preserve_index=False)

    def _check_table(self) -> None:
        if self._kind != "table":
            raise TypeError("the results of blocks are a list here; functions that return DataFrames or dicts of columns make a table")

    def _found(self, memory: Any, threads: Any, progress: Any) -> list[Any]:
        # An image of one sample per block: making a sample is calling the function.
        layout = self._call.layout
        counts = layout.counts
        collect = Collect(self._call, self._coordinates)
        mapping = layout.mapping(self._call.name, self._call.label, "bool", None)
        mapping["out_chunk"] = [1] * len(counts)
        mapping["from"] = list(range(len(counts)))
        mapping["spec"].update(
            shape=counts, axes=layout.axes, spacing={"values": layout.spacing, "unit": None}, origin=layout.origin
        )
        first, *others = self._images
        lazy = first._lazy.map_blocks(collect, json.dumps(mapping), [other._lazy for other in others])
        lazy.compute_into(np.empty(counts, bool), config.settings(memory, threads, progress))
        return [collect.found[index] for index in np.ndindex(*counts)]


def _joined(tables: list[Any]) -> Any:
    """Tables of blocks as one."""
    try:
        import pandas
    except ImportError:
        pandas = None
    if all(isinstance(table, Mapping) for table in tables):
        names = list(tables[0]) if tables else []
        for table in tables:
            if list(table) != names:
                raise ValueError(f"tables of different blocks have different columns: {names} and {list(table)}")
        columns = {name: np.concatenate([np.atleast_1d(np.asarray(t[name])) for t in tables]) for name in names}
        return columns if pandas is None else pandas.DataFrame(columns)
    full = [table for table in tables if len(table)] or tables[:1]
    if pandas is None:
        raise ImportError("tables that are not dicts of columns are put together with pandas; install petavox[tables]")
    return pandas.concat([pandas.DataFrame(table) for table in full], ignore_index=True)
