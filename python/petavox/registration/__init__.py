"""scikit-image's registration under its names: arrays and images of any size, the answer at once."""

from ._phase import phase_cross_correlation

__all__ = ["phase_cross_correlation"]
