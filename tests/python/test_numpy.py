"""What numpy does with arrays, lazy images do too, with numpy's dtypes."""

import numpy as np
import pytest

import petavox

RNG = np.random.default_rng(2)
A = RNG.integers(0, 200, (6, 7, 8)).astype("uint8")
B = RNG.integers(-50, 50, (6, 7, 8)).astype("int16")
F = RNG.normal(size=(6, 7, 8)).astype("float32")
D = RNG.normal(size=(6, 7, 8))
M = RNG.random((6, 7, 8)) > 0.5


def lazily(array):
    return petavox.from_array(array, chunks=(2, 3, 5)[-array.ndim :])


def check(expression, *arrays):
    """`expression` of images gives what it gives of arrays."""
    with np.errstate(all="ignore"):
        expected = expression(*arrays)
    result = expression(*map(lazily, arrays))
    assert isinstance(result, petavox.Image)
    expected = np.asarray(expected)
    assert result.dtype == (np.float32 if expected.dtype == np.float16 else expected.dtype)
    assert result.shape == expected.shape
    computed = np.asarray(result.compute())
    if expected.dtype.kind == "f":
        # Sums are exact here; numpy's of float32 are rounded at every step.
        atol = 1e-5 if expected.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(computed, expected, rtol=2e-3 if expected.dtype == np.float16 else 1e-6, atol=atol)
    else:
        np.testing.assert_array_equal(computed, expected)


ARITHMETIC = {
    "a + 1": (lambda a: a + 1, A), "1 - b": (lambda b: 1 - b, B), "a * 2.5": (lambda a: a * 2.5, A), "f / 3": (lambda f: f / 3, F),
    "a / b": (lambda a, b: a / b, A, B), "a + b": (lambda a, b: a + b, A, B), "f * d": (lambda f, d: f * d, F, D),
    "b // 7": (lambda b: b // 7, B), "b % 7": (lambda b: b % 7, B), "divmod": (lambda b: divmod(b, 7)[1], B), "f ** 2": (lambda f: f**2, F),
    "2 ** b": (lambda b: 2.0**b, B), "-b": (lambda b: -b, B), "abs": (lambda b: abs(b), B), "~m": (lambda m: ~m, M),
    "m & m": (lambda m: m & (m | ~m) ^ m, M), "a << 1": (lambda a: a << 1 >> 2, A), "a > 100": (lambda a: a > 100, A),
    "3 <= f": (lambda f: 0.3 <= f, F), "a == b": (lambda a, b: a == b, A, B), "a != 300": (lambda a: a != 300, A),
    "strong": (lambda a: a + np.float32(2), A), "strong int": (lambda f: f * np.int64(2), F), "array": (lambda f: f + D[0], F),
    "planes": (lambda f: f * np.arange(7.0)[:, None], F), "broadcast": (lambda f, d: f + d[:, :1], F, D), "twice": (lambda f: f * f - f, F),
    "bool": (lambda a: a + True, A), "plane": (lambda f, d: f - d[0], F, D), "left array": (lambda f: D[0] - f, F),
}  # fmt: skip


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic(name):
    expression, *arrays = ARITHMETIC[name]
    check(expression, *arrays)


UFUNCS = "sqrt exp log10 sin arctan tanh floor ceil rint isnan isfinite signbit sign square cbrt log1p degrees positive fabs".split()


@pytest.mark.parametrize("name", UFUNCS)
@pytest.mark.parametrize("array", [A, F, D], ids=["uint8", "float32", "float64"])
def test_ufuncs(name, array):
    check(getattr(np, name), np.abs(array) % 11)


@pytest.mark.parametrize("name", "maximum minimum fmax hypot arctan2 logaddexp copysign logical_and logical_xor less_equal".split())
def test_ufuncs_of_two(name):
    check(getattr(np, name), F, D)
    check(lambda f: getattr(np, name)(f, 0.5), F)


FUNCTIONS = {
    "transpose": lambda a: np.transpose(a, (2, 0, 1)), "T": lambda a: a.T, "moveaxis": lambda a: np.moveaxis(a, 0, -1),
    "swapaxes": lambda a: a.swapaxes(0, 2), "flip": np.flip, "flip 1": lambda a: np.flip(a, (0, 2)), "fliplr": np.fliplr,
    "rot90": lambda a: np.rot90(a, 1, (1, 2)), "rot270": lambda a: np.rot90(a, 3), "rot180": lambda a: np.rot90(a, 2),
    "concatenate": lambda a: np.concatenate([a, a[:2], a]), "concatenate 1": lambda a: np.concatenate([a, a], axis=-1),
    "concatenate dtypes": lambda a: np.concatenate([a, a.astype("float32")]), "stack": lambda a: np.stack([a, a, a], 1),
    "vstack": lambda a: np.vstack([a[0], a[1]]), "hstack": lambda a: np.hstack([a, a]), "dstack": lambda a: np.dstack([a[0], a[1]]),
    "pad": lambda a: np.pad(a, ((1, 2), (0, 0), (3, 1)), constant_values=7), "pad edge": lambda a: np.pad(a, 2, mode="edge"),
    "pad reflect": lambda a: np.pad(a, 3, mode="reflect"), "pad symmetric": lambda a: np.pad(a, (2, 1), mode="symmetric"),
    "pad wrap": lambda a: np.pad(a, 2, mode="wrap"), "where": lambda a: np.where(a > 50, a, 0), "where 2": lambda a: np.where(a > 50, 1.5, a),
    "clip": lambda a: np.clip(a, 20, 90), "clip low": lambda a: np.clip(a, 20, None), "take": lambda a: np.take(a, [0, 3, 3], axis=1),
    "roll": lambda a: np.roll(a, 2, axis=1), "roll 2": lambda a: np.roll(a, (1, -2), (0, 2)), "broadcast": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "squeeze": lambda a: np.squeeze(a[:1, :, :1]), "expand": lambda a: np.expand_dims(a, (0, -1)), "repeat": lambda a: np.repeat(a, 3, 1),
    "tile": lambda a: np.tile(a, (2, 1, 2)), "reshape": lambda a: a.reshape(42, 8), "reshape -1": lambda a: np.reshape(a, (2, 3, -1)),
    "ravel": lambda a: a[:, 0, 0].ravel(), "diff": lambda a: np.diff(a.astype("int16"), axis=1), "atleast": lambda a: np.atleast_3d(a[0, 0]),
    "zeros_like": lambda a: np.zeros_like(a), "full_like": lambda a: np.full_like(a, 3.5, dtype="float32"), "isclose": lambda a: np.isclose(a, 50.0),
    "astype": lambda a: np.astype(a, np.float64), "round": lambda a: np.round(a / 7, 1), "nan_to_num": lambda a: np.nan_to_num(a / (a > 50)),
    "split": lambda a: np.split(a, 2)[1], "array_split": lambda a: np.array_split(a, 4, 1)[1],
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_arrays(name):
    check(FUNCTIONS[name], A)


REDUCTIONS = "sum prod mean min max std var any all argmax argmin count_nonzero ptp".split()


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("array", [A, B, F, M], ids=["uint8", "int16", "float32", "bool"])
def test_reductions(name, array):
    if array is M and name in ("ptp",):
        pytest.skip("numpy has no ptp of bool")
    function = getattr(np, name)
    array = np.where(array, 1, 2).astype(array.dtype) if name == "prod" and array is not F else array
    for axis in (None, 0, -1, 1) + (() if name.startswith("arg") else ((0, 2), (0, 1, 2))):
        check(lambda a: function(a, axis=axis), array)
        check(lambda a: function(a, axis=axis, keepdims=True), array)


def test_reductions_are_images_that_can_be_used_further():
    check(lambda f: f - f.mean(), D)
    check(lambda f: (f - f.mean(axis=0)) / f.std(axis=0, keepdims=True), D)
    check(lambda f: f > f.max() / 2, F)
    check(lambda f: f.std(ddof=1), D)
    check(lambda a: a.sum(dtype="uint8"), A)
    check(lambda a: np.add.reduce(a, axis=1), A)


def test_one_sample_is_a_number():
    image = lazily(D)
    assert float(image.max()) == D.max()
    assert int(lazily(A).max()) == A.max()
    assert bool((image > -1e9).all())
    assert image[0, 0, 0].item() == D[0, 0, 0]
    assert np.allclose(image, D)
    assert np.array_equal(lazily(A), A)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(image > 0)


def test_what_is_not_lazy_says_what_to_do():
    image = lazily(D)
    with pytest.raises(TypeError, match="numpy.sort is not lazy.*compute"):
        np.sort(image)
    with pytest.raises(TypeError, match="leave out="):
        np.add(image, 1, out=np.empty(D.shape))
    with pytest.raises(TypeError, match="cannot be assigned"):
        image[0] = 1
    with pytest.raises(TypeError):
        image + "text"
    with pytest.raises(TypeError):
        image + 1j
    with pytest.raises(OverflowError):
        lazily(A) + 300
    with pytest.raises(ValueError, match="broadcast"):
        image + np.zeros(5)
    with pytest.raises(np.exceptions.AxisError):
        image.sum(axis=3)
    with pytest.raises(ValueError, match="reshape"):
        image.reshape(5, 5)


def test_asarray_of_something_huge_is_refused_with_a_way_out():
    huge = np.broadcast_to(lazily(D)[:1, :1, :1], (4000, 4000, 4000))
    assert huge.nbytes == 8 * 4000**3
    with pytest.raises(MemoryError, match=r"compute\(\)"):
        np.asarray(huge)
    with petavox.config.set(array_limit="1KiB"), pytest.raises(MemoryError, match="array_limit"):
        np.asarray(lazily(D))
    np.testing.assert_array_equal(np.asarray(huge[::1000, 17, 5]), D[0, 0, 0])


def test_dlpack_and_the_array_api():
    image = lazily(F)
    np.testing.assert_array_equal(np.from_dlpack(image), F)
    xp = image.__array_namespace__()
    for name in ("asarray", "sum", "permute_dims", "concat", "float32", "isdtype"):
        assert hasattr(xp, name)
    np.testing.assert_array_equal(xp.permute_dims(image, (2, 0, 1)).compute(), F.transpose(2, 0, 1))
    np.testing.assert_array_equal(xp.concat([image, image]).compute(), np.concatenate([F, F]))
    assert isinstance(xp.ones((2, 3)), petavox.Image)
    assert xp.mean(image).dtype == xp.float32


def test_pytorch_takes_results_through_dlpack():
    torch = pytest.importorskip("torch")
    tensor = torch.from_dlpack(lazily(F) * 2)
    assert tensor.dtype == torch.float32 and tuple(tensor.shape) == F.shape
    np.testing.assert_array_equal(tensor.numpy(), F * 2)
    np.testing.assert_array_equal(petavox.from_array(tensor).compute(), F * 2)


def test_any_other_ufunc_is_called_block_by_block():
    special = pytest.importorskip("scipy.special")
    check(lambda d: special.erf(d), D)
    check(lambda d: np.heaviside(d, 0.5), D)


