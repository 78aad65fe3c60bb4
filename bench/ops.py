"""Operations on arrays against their peers: wall seconds, CPU seconds, and peak memory beyond arguments and result.

    python bench/ops.py [--only TEXT] [--repeat 3] [--small] [--json FILE] [--page FILE]

Cases are in bench/ops/<group>.py, each a module with a list CASES of dictionaries:

    {"name": "edt 512^3", "data": lambda n: (mask,), "size": 512, "petavox": function, "peers": {"scipy": function}}

`data` is given the edge length (a quarter of `size` with --small) and makes the arguments; every function runs in a process of its own,
`repeat` times; the least is reported. Peers that are not installed are left out.
--page writes the results as a page for people, with the machine.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import subprocess
import sys
import threading
import time

# Whoever took longer than this is not asked again.
SLOW_SECS = 15
GROUPS = pathlib.Path(__file__).with_suffix("")


def cases():
    for path in sorted(GROUPS.glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from module.CASES


def resident(field):
    """A figure of this process in KiB, as the kernel counts it."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0])


def measure(name, who, size, repeat):
    """In this process: prints the least wall and CPU seconds, and the peak memory beyond arguments and result."""
    case = next(case for case in cases() if case["name"] == name)
    data = case["data"](size)
    function = case["petavox"] if who == "petavox" else case["peers"][who]
    function(*case["data"](max(size // 16, 32)))  # what it imports or compiles is not measured
    walls, cpus, peaks = [], [], []
    for k in range(repeat):
        if k and sum(walls) > SLOW_SECS:
            break
        result = None
        # The kernel's peak begins anew: what making the arguments took is not the operation's.
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
        start, used = time.perf_counter(), os.times()
        result = function(*data)
        now = os.times()
        walls.append(time.perf_counter() - start)
        cpus.append(now.user + now.system - used.user - used.system)
        peaks.append(resident("VmHWM") - before)
    results = result if isinstance(result, tuple) else [result]
    made = sum(getattr(array, "nbytes", 0) for array in results)
    given = sum(getattr(array, "nbytes", 0) for array in data)
    beyond = max(0, max(peaks) * 1024 - made)
    print(json.dumps({"wall": min(walls), "cpu": min(cpus), "beyond": beyond, "given": given, "made": made}))


def beyond(row):
    """Memory beside arguments and result, and its share of them."""
    return f"{row['beyond'] / 2**20:.0f} ({100 * row['beyond'] / (row['given'] + row['made']):.0f} %)"


def bandwidth():
    """GB/s, read and written together, of copying an array that no cache holds, with both cores."""
    import numpy as np

    source = np.ones(1 << 27, np.float32)
    target = np.zeros_like(source)
    halves = [slice(k * len(source) // 2, (k + 1) * len(source) // 2) for k in range(2)]
    best = float("inf")
    for _ in range(5):
        threads = [threading.Thread(target=np.copyto, args=(target[half], source[half])) for half in halves]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        best = min(best, time.perf_counter() - start)
    return 2 * source.nbytes / best / 1e9


def machine():
    """The processor and the versions of what was compared."""
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    names = ["numpy", "scipy", "scikit-image", "dask-image", "opencv-python-headless", "simpleitk", "connected-components-3d", "edt"]
    names += ["fill-voids", "fastmorph", "bioimage-cpp", "tinybrain"]
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"{len(os.sched_getaffinity(0))} cores of {model}, Python {platform.python_version()}; {', '.join(versions)}"


HEAD = """# Speed of operations

`python bench/ops.py --page docs/speed.md` wrote this page: {machine}.

Every row is measured on numpy arrays in memory, ours and its peers in one run, each in a process of its own: the least of {repeat} calls
(of one, if it took over 15 s) after a small one that imports and compiles. Samples are made by a fixed seed. GB/s are the bytes of
arguments and result over our wall seconds; this machine copies {bandwidth:.0f} GB/s (read and written together, both cores). Memory is the peak beside arguments and result, and
its share of them. In brackets: how many times longer the peer took, in wall and in CPU seconds.

"""


def beside(row, ours):
    """A peer's wall and CPU seconds, and how many times ours they are."""
    if "stopped" in row:
        return f"{row['who']} stopped after {row['stopped']:.0f} s"
    return f"{row['who']} {row['wall']:.2f}, {row['cpu']:.2f} ({row['wall'] / ours['wall']:.1f}, {row['cpu'] / ours['cpu']:.1f})"


def table(rows):
    """The rows: ours, then every peer with how many times longer it took."""
    lines = ["| operation | wall s | CPU s | GB/s | MiB beside | peers: wall s, CPU s (times ours) |", "|---|---|---|---|---|---|"]
    for case in dict.fromkeys(row["case"] for row in rows):
        ours = next((row for row in rows if row["case"] == case and row["who"] == "petavox"), None)
        if ours is None:
            continue
        peers = [beside(row, ours) for row in rows if row["case"] == case and row is not ours]
        figures = f"{ours['wall']:.2f} | {ours['cpu']:.2f} | {(ours['given'] + ours['made']) / 1e9 / ours['wall']:.1f} | {beyond(ours)}"
        lines.append(f"| {case} | {figures} | {'; '.join(peers)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a quarter of the edge length")
    parser.add_argument("--patience", type=float, default=100, help="seconds after which a peer is stopped")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path, help="write a Markdown table here")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        name, who, size = args.measure
        return measure(name, who, int(size), args.repeat)
    rows = []
    head = HEAD.format(machine=machine(), repeat=args.repeat, bandwidth=bandwidth()) if args.page else ""
    print(f"{'case':32} {'who':16} {'wall s':>8} {'CPU s':>8} {'MiB':>8}")
    for case in cases():
        if args.only not in case["name"]:
            continue
        size = case["size"] // 4 if args.small else case["size"]
        for who in ["petavox", *case["peers"]]:
            command = [sys.executable, __file__, "--repeat", str(args.repeat), "--measure", case["name"], who, str(size)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=args.patience if who != "petavox" else None)
            except subprocess.TimeoutExpired:
                print(f"{case['name']:32} {who:16} stopped after {args.patience} s", flush=True)
                rows.append({"case": case["name"], "who": who, "size": size, "stopped": args.patience})
                continue
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["?"])[-1]
                print(f"{case['name']:32} {who:16} {reason[:60]}")
                continue
            row = json.loads(done.stdout.splitlines()[-1])
            rows.append({"case": case["name"], "who": who, "size": size, **row})
            print(f"{case['name']:32} {who:16} {row['wall']:8.3f} {row['cpu']:8.3f} {row['beyond'] / 2**20:8.0f}", flush=True)
        if args.json:
            args.json.write_text(json.dumps(rows, indent=1))
        if args.page:
            args.page.write_text(head + table(rows))


if __name__ == "__main__":
    main()
