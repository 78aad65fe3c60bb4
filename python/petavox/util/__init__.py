"""scikit-image's utilities under their names: arrays give arrays at once, images give images."""

from ._map_array import map_array

__all__ = ["map_array"]
