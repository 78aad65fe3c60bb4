"""Times skan on a boolean skeleton stored as .npy, to lay beside the example graph_bench.

    python bench/graph.py --make skeleton.npy [--size 512]   # first: a skeleton to measure on (needs scikit-image)
    python bench/graph.py skeleton.npy [REPEATS]             # skan: prints one JSON object
    cargo run --release -p petavox-ops --example graph_bench -- skeleton.npy [THREADS] [REPEATS]

The first run of skan compiles its functions and is reported apart from the best of the others.
Run both alone on the machine, one after the other.
"""
import json
import resource
import sys
import time

import numpy as np


def make(path, size):
    """Tubes along random smooth curves, branching from one another, thinned."""
    from skimage.morphology import skeletonize
    rng = np.random.default_rng(7)
    mask = np.zeros((size,) * 3, bool)
    ball = np.stack(np.meshgrid(*[np.arange(-3, 4)] * 3, indexing="ij"), -1).reshape(-1, 3)
    ball = ball[(ball ** 2).sum(1) <= 10]
    starts = [rng.uniform(0, size, 3) for _ in range(max(size // 16, 4))]
    for n in range(size):
        at = starts[n] if n < len(starts) else starts[rng.integers(len(starts))]
        direction = rng.normal(size=3)
        for step in range(size // 2):
            direction += 0.25 * rng.normal(size=3)
            direction /= np.linalg.norm(direction)
            at = at + direction
            if not np.all((at >= 4) & (at < size - 4)):
                break
            places = np.round(at).astype(int) + ball
            mask[tuple(places.T)] = True
            if step % 40 == 39:
                starts.append(at)
    np.save(path, skeletonize(mask))
    print(json.dumps({"shape": mask.shape, "foreground": float(mask.mean())}))


def measure(path, n_repeats):
    import skan
    image = np.load(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    graph_secs, table_secs = [], []
    for _ in range(n_repeats + 1):
        start = time.perf_counter()
        skeleton = skan.Skeleton(image)
        middle = time.perf_counter()
        table = skan.summarize(skeleton, separator="_")
        graph_secs.append(middle - start)
        table_secs.append(time.perf_counter() - middle)
    print(json.dumps({
        "skan": skan.__version__, "shape": image.shape, "voxels": int(image.sum()), "branches": len(table),
        "total_length": float(table["branch_distance"].sum()), "first_secs": graph_secs[0] + table_secs[0],
        "graph_secs": min(graph_secs[1:]), "table_secs": min(table_secs[1:]), "peak_bytes_before": before,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    if sys.argv[1] == "--make":
        make(sys.argv[2], int(sys.argv[4]) if len(sys.argv) > 4 else 512)
    else:
        measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3)
