"""scikit-image's comparisons of segmentations under their names. Results are small, so that they are computed at once."""

from ._segmentations import adapted_rand_error, contingency_table, variation_of_information

__all__ = ["adapted_rand_error", "contingency_table", "variation_of_information"]
