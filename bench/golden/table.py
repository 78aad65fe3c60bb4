"""Tables as pandas writes them, for the tests of petavox-store::table.

    python bench/golden/table.py

writes small Parquet and CSV files beside the tests; versions go into versions.json.
"""

import json
import pathlib
import platform

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "crates/petavox-store/src/table/golden"


def table():
    return pd.DataFrame(
        {
            "id": np.array([1, -2, 3], np.int64),
            "small": np.array([250, 0, 7], np.uint8),
            "single": np.array([0.5, np.nan, 2.0], np.float32),
            "length": np.array([0.1, np.nan, np.inf], np.float64),
            "ring": np.array([True, False, True]),
            "name": ["a,b", "ü", ""],
        }
    )


def main():
    OUT.mkdir(exist_ok=True)
    frame = table()
    frame.to_parquet(OUT / "pandas_snappy.parquet")
    frame.to_parquet(OUT / "pandas_zstd.parquet", compression="zstd")
    frame.set_index(pd.Index([5, 7, 6])).to_parquet(OUT / "pandas_index.parquet", compression="zstd")
    pq.write_table(
        pa.Table.from_pandas(frame, preserve_index=False), OUT / "arrow_v2.parquet", compression="none",
        data_page_version="2.0", use_dictionary=False,
    )
    gaps = pd.DataFrame({"n": pd.array([1, None, 3], "Int64"), "b": pd.array([True, None, False], "boolean"),
                         "t": pd.array(["x", None, "y"], "string")})
    gaps.to_parquet(OUT / "gaps.parquet")
    pd.DataFrame({"when": pd.to_datetime(["2026-01-01"])}).to_parquet(OUT / "dates.parquet")
    pq.write_table(pa.table({"l": [[1, 2], [3]]}), OUT / "nested.parquet")
    pq.write_table(pa.table({"a": [1, 2]}), OUT / "brotli.parquet", compression="brotli")
    frame.to_parquet(OUT / "pandas_gzip.parquet", compression="gzip")
    frame.to_csv(OUT / "pandas.csv")
    versions = {"python": platform.python_version(), "pandas": pd.__version__, "pyarrow": pa.__version__}
    (OUT / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


if __name__ == "__main__":
    main()
