"""petavox.ndimage and the modules named after scikit-image's give their numbers, from arrays at once and from images lazily."""

import numpy as np
import pytest
import skimage
from scipy import ndimage

import petavox

RNG = np.random.default_rng(5)
BLOBS = ndimage.gaussian_filter(RNG.normal(size=(30, 41, 52)), 2)
GREY = ((BLOBS - BLOBS.min()) / np.ptp(BLOBS) * 60000).astype("uint16")
MASK = BLOBS > 0.02


def check(ours, theirs, *arrays, exact=True):
    """The same of arrays and of images, and as the library says."""
    expected = theirs(*arrays)
    for result in (ours(*arrays), ours(*(petavox.from_array(a, chunks=9) for a in arrays))):
        lazy = isinstance(result, petavox.Image)
        computed = result.compute() if lazy else result
        assert np.asarray(computed).dtype == np.asarray(expected).dtype
        if exact:
            np.testing.assert_array_equal(computed, expected)
        else:
            np.testing.assert_allclose(computed, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [dict(sigma=1.5), dict(sigma=(0, 1, 2.5)), dict(sigma=2, mode="wrap", truncate=2), dict(sigma=1, mode="constant", cval=7),
     dict(sigma=1, mode=("reflect", "nearest", "mirror")), dict(sigma=1, axes=(0, 2)), dict(sigma=1, axes=1), dict(sigma=0),
     dict(sigma=1.7, order=1), dict(sigma=2, order=(2, 0, 1), mode="mirror"), dict(sigma=2, radius=3),
     dict(sigma=1, output="float64"), dict(sigma=1.3, output="uint8")],
    ids=str,
)  # fmt: skip
def test_gaussian_filter(dtype, options):
    array = (GREY // 256).astype(dtype)
    check(lambda a: petavox.ndimage.gaussian_filter(a, **options), lambda a: ndimage.gaussian_filter(a, **options), array)


def test_gaussian_filter_along_one_axis_and_into_an_array():
    check(lambda a: petavox.ndimage.gaussian_filter1d(a, 2, axis=1), lambda a: ndimage.gaussian_filter1d(a, 2, axis=1), BLOBS)
    out = np.empty(GREY.shape, "float32")
    assert petavox.ndimage.gaussian_filter(GREY, 1, output=out) is out
    np.testing.assert_array_equal(out, ndimage.gaussian_filter(GREY, 1, output="float32"))


@pytest.mark.parametrize("connectivity", [None, 1, 2, 3])
def test_label(connectivity):
    structure = None if connectivity is None else petavox.ndimage.generate_binary_structure(3, connectivity)
    labels, n = petavox.ndimage.label(MASK, structure)
    expected, n_expected = ndimage.label(MASK, structure)
    np.testing.assert_array_equal(labels, expected)
    assert (labels.dtype, n) == (expected.dtype, n_expected)
    lazy, n_lazy = petavox.ndimage.label(petavox.from_array(MASK), structure)
    np.testing.assert_array_equal(lazy.compute(), expected)
    assert int(n_lazy) == n_expected
    ours = petavox.measure.label(MASK, return_num=True, connectivity=connectivity)
    theirs = skimage.measure.label(MASK, return_num=True, connectivity=connectivity)
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert ours[1] == theirs[1]


@pytest.mark.parametrize("name", ["binary_erosion", "binary_dilation", "binary_opening", "binary_closing"])
@pytest.mark.parametrize(
    "options", [{}, dict(iterations=3), dict(structure=np.ones((3, 3, 3))), dict(structure=np.ones((1, 5, 3))), dict(border_value=1)]
)
def test_binary_morphology(name, options):
    check(lambda a: getattr(petavox.ndimage, name)(a, **options), lambda a: getattr(ndimage, name)(a, **options), MASK)


@pytest.mark.parametrize("sampling", [None, 0.5, (2, 0.5, 0.25)])
def test_distance_transform_edt(sampling):
    check(
        lambda a: petavox.ndimage.distance_transform_edt(a, sampling),
        lambda a: ndimage.distance_transform_edt(a, sampling),
        MASK,
        exact=False,
    )


@pytest.mark.parametrize("name", ["otsu", "yen", "triangle", "isodata", "li"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_thresholds(name, dtype):
    if name == "li" and dtype.startswith("float"):
        pytest.skip("li takes integers only")
    array = (GREY // 256).astype(dtype)
    ours, theirs = getattr(petavox.filters, f"threshold_{name}"), getattr(skimage.filters, f"threshold_{name}")
    value = theirs(array)
    np.testing.assert_allclose(ours(array), value, rtol=1e-6)
    image = petavox.from_array(array)
    np.testing.assert_array_equal((image > ours(image)).compute(), array > ours(array))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64", "bool"])
@pytest.mark.parametrize("options", [{}, dict(sigma=(0, 1, 2), preserve_range=True), dict(sigma=2, channel_axis=-1, mode="reflect")], ids=str)
def test_gaussian_of_scikit_image(dtype, options):
    array = (GREY // 256).astype(dtype)
    check(lambda a: petavox.filters.gaussian(a, **options), lambda a: skimage.filters.gaussian(a, **options), array, exact=False)


def test_small_objects_and_holes():
    for size in (10, 100):
        check(lambda a: petavox.morphology.remove_small_objects(a, max_size=size), lambda a: skimage.morphology.remove_small_objects(a, max_size=size), MASK)
        check(lambda a: petavox.morphology.remove_small_holes(a, max_size=size), lambda a: skimage.morphology.remove_small_holes(a, max_size=size), MASK)
    with pytest.raises(TypeError):
        petavox.morphology.remove_small_objects(GREY.astype(float))


def test_skeletonize():
    check(petavox.morphology.skeletonize, skimage.morphology.skeletonize, MASK)
    check(petavox.morphology.skeletonize, skimage.morphology.skeletonize, MASK[10])
    assert petavox.morphology.skeletonize(MASK, method="parity").sum() > 0


def test_regionprops_table():
    labels, _ = ndimage.label(MASK)
    properties = ("label", "area", "bbox", "centroid")
    ours = petavox.measure.regionprops_table(labels, properties=properties)
    theirs = skimage.measure.regionprops_table(labels, properties=properties)
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values)
    ours = petavox.measure.regionprops_table(petavox.from_array(labels), petavox.from_array(GREY), ("label", "intensity_mean", "intensity_max"))
    theirs = skimage.measure.regionprops_table(labels, GREY, ("label", "intensity_mean", "intensity_max"))
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values)
    with pytest.raises(ValueError, match="area"):
        petavox.measure.regionprops_table(labels, properties=("aera",))


@pytest.mark.parametrize("factors", [2, (1, 3, 4)])
def test_downscale_local_mean(factors):
    factors = tuple(np.broadcast_to(factors, 3))
    for array in (GREY, BLOBS):
        check(
            lambda a: petavox.transform.downscale_local_mean(a, factors),
            lambda a: skimage.transform.downscale_local_mean(a, factors),
            array,
            exact=False,
        )


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda a: petavox.ndimage.gaussian_filter(a, (1, 2)), RuntimeError),
        (lambda a: petavox.ndimage.gaussian_filter(a, 1, mode="what"), RuntimeError),
        (lambda a: petavox.ndimage.gaussian_filter(a, -1), ValueError),
        (lambda a: petavox.ndimage.gaussian_filter(a, 1, order=-1), ValueError),
        (lambda a: petavox.ndimage.label(a, np.ones((3, 3))), RuntimeError),
        (lambda a: petavox.morphology.skeletonize(a, method="fast"), ValueError),
    ],
)
def test_mistakes_raise(call, error):
    with pytest.raises(error):
        call(MASK)
