"""Operations on arrays against their peers: wall seconds, CPU seconds, and peak memory beyond arguments and result.

    python bench/ops.py [--only TEXT] [--repeat 3] [--small] [--json FILE] [--page FILE]

Cases are in bench/ops/<group>.py, each a module with a list CASES of dictionaries:

    {"name": "edt 512^3", "data": lambda n: (mask,), "size": 512, "petavox": function, "peers": {"scipy": function}}

`data` is given the edge length (a quarter of `size` with --small) and makes the arguments; every function runs in a process of its own,
`repeat` times; the least is reported. Peers that are not installed are left out.
--page writes the results as a table: GB/s are the bytes of arguments and result over our wall seconds.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import time

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
    for _ in range(repeat):
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


def page(rows):
    """The rows as a table: ours, then every peer with how many times longer it took."""
    lines = ["| operation | wall s | CPU s | GB/s | MiB beside arguments and result | peers: wall s, CPU s (times ours) |", "|---|---|---|---|---|---|"]
    for case in dict.fromkeys(row["case"] for row in rows):
        ours = next((row for row in rows if row["case"] == case and row["who"] == "petavox"), None)
        if ours is None:
            continue
        peers = [
            f"{row['who']} {row['wall']:.2f}, {row['cpu']:.2f} ({row['wall'] / ours['wall']:.1f}, {row['cpu'] / ours['cpu']:.1f})"
            for row in rows
            if row["case"] == case and row is not ours
        ]
        figures = f"{ours['wall']:.2f} | {ours['cpu']:.2f} | {(ours['given'] + ours['made']) / 1e9 / ours['wall']:.1f} | {beyond(ours)}"
        lines.append(f"| {case} | {figures} | {'; '.join(peers)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a quarter of the edge length")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path, help="write a Markdown table here")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        name, who, size = args.measure
        return measure(name, who, int(size), args.repeat)
    rows = []
    print(f"{'case':32} {'who':16} {'wall s':>8} {'CPU s':>8} {'MiB':>8}")
    for case in cases():
        if args.only not in case["name"]:
            continue
        size = case["size"] // 4 if args.small else case["size"]
        for who in ["petavox", *case["peers"]]:
            command = [sys.executable, __file__, "--repeat", str(args.repeat), "--measure", case["name"], who, str(size)]
            done = subprocess.run(command, capture_output=True, text=True)
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
        args.page.write_text(page(rows))


if __name__ == "__main__":
    main()
