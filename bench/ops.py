"""Operations on arrays against their peers: wall seconds, CPU seconds, and peak memory beyond the input.

    python bench/ops.py [--only TEXT] [--repeat 3] [--small] [--json FILE]

Cases are in bench/ops/<group>.py, each a module with a list CASES of dictionaries:

    {"name": "edt 512^3", "data": lambda n: (mask,), "size": 512, "petavox": function, "peers": {"scipy": function}}

`data` is given the edge length (a quarter of `size` with --small) and makes the arguments; every function runs in a process of its own,
`repeat` times; the least is reported. Peers that are not installed are left out.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import resource
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


def measure(name, who, size, repeat):
    """In this process: prints the least wall and CPU seconds, and the peak memory beyond what making the input took."""
    case = next(case for case in cases() if case["name"] == name)
    data = case["data"](size)
    function = case["petavox"] if who == "petavox" else case["peers"][who]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    walls, cpus = [], []
    for _ in range(repeat):
        start, used = time.perf_counter(), os.times()
        function(*data)
        now = os.times()
        walls.append(time.perf_counter() - start)
        cpus.append(now.user + now.system - used.user - used.system)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"wall": min(walls), "cpu": min(cpus), "peak_mib": peak / 1024}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a quarter of the edge length")
    parser.add_argument("--json", type=pathlib.Path)
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
            print(f"{case['name']:32} {who:16} {row['wall']:8.3f} {row['cpu']:8.3f} {row['peak_mib']:8.0f}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
