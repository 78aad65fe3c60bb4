"""Tables of the program, in pandas; and tables of pandas, in the program."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
from scipy import ndimage

PETAVOX = os.environ["PETAVOX"]


def petavox(*args, ok=True):
    run = subprocess.run([PETAVOX, *map(str, args)], capture_output=True, text=True)
    if ok and run.returncode:
        sys.exit(f"petavox {' '.join(map(str, args))} failed:\n{run.stderr}")
    return run


def measured_tables_are_what_pandas_reads(folder):
    rng = np.random.default_rng(3)
    mask = ndimage.gaussian_filter(rng.standard_normal((24, 40, 32)), 1.5) > 0.1
    labels, n = ndimage.label(mask)
    np.save(folder / "labels.npy", labels.astype(np.int32))
    frames = []
    for name in ("cells.parquet", "cells.csv"):
        petavox("measure", folder / "labels.npy", "-o", folder / name)
        frames.append(pd.read_parquet(folder / name) if name.endswith("t") else pd.read_csv(folder / name))
    pd.testing.assert_frame_equal(*frames, check_exact=True)
    assert len(frames[0]) == n
    np.testing.assert_array_equal(frames[0]["area"], ndimage.sum_labels(mask, labels, np.arange(1, n + 1)))


def branch_tables_of_pandas_are_compared(folder):
    rng = np.random.default_rng(4)
    for name, n in (("a.parquet", 321), ("b.csv", 123)):
        length = rng.gamma(2.0, 10.0, n)
        frame = pd.DataFrame({
            "skeleton_id": np.arange(n), "branch_distance": length, "branch_type": rng.integers(0, 3, n),
            "euclidean_distance": length * 0.9, "mean_radius": rng.gamma(3.0, 1.0, n),
        })
        frame.to_parquet(folder / name) if name.endswith("t") else frame.to_csv(folder / name)
    report = folder / "report.html"
    out = petavox("--json", "compare", f"wild <type>={folder / 'a.parquet'}", f"mutant={folder / 'b.csv'}", "-o", report)
    json.loads(out.stdout)
    html = report.read_text(encoding="utf-8")
    for word in ("321", "123", "wild &lt;type&gt;", "mutant", "<svg"):
        assert word in html, word
    (folder / "bad.parquet").write_bytes(b"PAR1 this is no table PAR1")
    bad = petavox("compare", f"a={folder / 'a.parquet'}", f"bad={folder / 'bad.parquet'}", "-o", folder / "bad.html", ok=False)
    assert bad.returncode == 1 and "bad.parquet" in bad.stderr and "panicked" not in bad.stderr, bad.stderr
    assert not (folder / "bad.html").exists()


with tempfile.TemporaryDirectory() as tmp:
    measured_tables_are_what_pandas_reads(pathlib.Path(tmp))
    branch_tables_of_pandas_are_compared(pathlib.Path(tmp))
