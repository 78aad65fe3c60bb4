"""A volume bigger than memory, killed with SIGKILL at random moments of its run and resumed each time: the same bytes?

    cargo build --release -p petavox-cli && cargo build --release -p petavox --example phantom
    python bench/kill_big.py [--shape 1024x2048x2048] [--kills 20] [--seed 1] [--memory 1GiB] [--dir FOLDER] [--keep] [--fold 1]

Makes the slices of a vessel volume in FOLDER (17 GB for the shape above, and 3 GB more for the runs), runs
`petavox skeleton "slices/*.tif" --sigma 2 --threshold 0.45` once undisturbed as the reference, and then again and again with
--resume, killing it, until it was killed so many times. Needs Linux and nothing but Python's own library.

Moments: every second one is uniform over the time of the reference; the others go round the steps that its progress lines
name (smoothing and packing, thinning, radii, table, skeleton image, report) and are uniform within the step, because all
after the first step is a small part of the time. Up to four kills follow each other on the same work, from early to late ones; then the
run may finish and is compared with the reference: every file of the output byte for byte, run.json and report.html without
the times and the peak memory that they tell. What has the output's name must be whole, also right after a kill; after each finished run, nothing
may lie in FOLDER or in the folder for temporary files that was not there before.

--fold N makes a volume whose planes are N times the same ones, back and forth, by hard links: the disk holds a Nth of it.
--keep leaves slices and reference, for a further call with another seed.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
LAST = "report, move into place"
LINE = re.compile(r"(.+): (\d+)/(\d+) blocks, ")
CHAIN = 4


class Run:
    """A process, and when which of its steps ended."""

    def __init__(self, command, folder):
        environment = dict(os.environ, TMPDIR=str(folder / "tmp"))
        self.began = time.monotonic()
        self.ends = []
        self.said = []
        self.step_ended = threading.Condition()
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            now = time.monotonic() - self.began
            self.said.append(line)
            found = LINE.match(line)
            # Steps that are one block by their count tell only of their end.
            if found and (found[2] == found[3] or found[3] == "1"):
                with self.step_ended:
                    if self.ends and self.ends[-1][0] == found[1]:
                        self.ends.pop()
                    self.ends.append((found[1], now))
                    self.step_ended.notify_all()
        with self.step_ended:
            self.ends.append((None, time.monotonic() - self.began))
            self.step_ended.notify_all()

    def step_begins(self, before):
        """Waits until the step `before` ended; gives False if the process ended first."""
        with self.step_ended:
            self.step_ended.wait_for(lambda: any(name in (before, None) for name, _ in self.ends))
            return any(name == before for name, _ in self.ends)

    def finish(self):
        """Waits for the end; gives status, wall and CPU seconds, and peak bytes as the kernel counts them."""
        self.reader.join()
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - self.began
        return self.process.returncode, wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


@dataclasses.dataclass
class Moment:
    """A step of the run, and seconds since the step began."""

    step: int
    wait: float


def slices(folder, shape, fold):
    if (folder / "slices").is_dir():
        return
    n_made = -(-shape[0] // fold)
    needed = 4 * n_made * shape[1] * shape[2] * 1.02 + 3e9
    if shutil.disk_usage(folder).free < needed:
        sys.exit(f"{folder}: needs {needed / 1e9:.1f} GB of free disk; choose another --dir, or a higher --fold")
    made = folder / "made"
    text = "x".join(map(str, [n_made, *shape[1:]]))
    subprocess.run([TARGET / "examples" / "phantom", text, made, "--slices"], check=True)
    (folder / "slices").mkdir()
    for z in range(shape[0]):
        k = z % (2 * n_made)
        os.link(made / f"z{min(k, 2 * n_made - 1 - k):05}.tif", folder / "slices" / f"z{z:05}.tif")
    shutil.rmtree(made)


def contents(out):
    """Every file's bytes; of what tells of time and memory, the rest."""
    found = {}
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if path.name == "run.json":
            facts = json.loads(data)
            for name in ["seconds", "peak_memory_bytes", "resumed"]:
                facts.pop(name)
            data = json.dumps(facts).encode()
        elif path.name == "report.html":
            for name in [b"time", b"peak memory"]:
                data, n = re.subn(rb"<th scope=\"row\">" + name + rb"</th><td>.*?</td>", b"", data)
                if n != 1:
                    sys.exit(f"{path}: no row '{name.decode()}' that could be left out")
        found[str(path.relative_to(out))] = data
    return found


def differences(out, want):
    got = contents(out)
    return [f"{name} differs" for name in sorted(got.keys() | want.keys()) if got.get(name) != want.get(name)]


def beside(folder):
    """What lies in the folder and was not there before, and what lies in the folder for temporary files."""
    own = sorted(p.name for p in folder.iterdir() if p.name not in {"slices", "ref", "out", "tmp", "ref.json"})
    return own, sorted(p.name for p in (folder / "tmp").iterdir())


def reference(command, folder):
    """The undisturbed run: its steps with their seconds. Made once."""
    if (folder / "ref.json").is_file():
        return json.loads((folder / "ref.json").read_text())
    shutil.rmtree(folder / "ref", ignore_errors=True)
    run = Run(command, folder)
    code, wall, cpu, peak = run.finish()
    if code:
        sys.exit("".join(run.said))
    steps, before = [], 0.0
    for name, end in run.ends:
        steps.append((name or LAST, end - before))
        before = end
    (folder / "out").rename(folder / "ref")
    facts = {"wall": wall, "cpu": cpu, "peak": peak, "steps": steps}
    (folder / "ref.json").write_text(json.dumps(facts))
    return facts


def moments(n, steps, rng):
    """Moments of kills, in random order."""
    found = []
    for i in range(n):
        if i % 2:
            step = i // 2 % len(steps)
            found.append(Moment(step, rng.uniform(0, steps[step][1])))
            continue
        at, step = rng.uniform(0, sum(seconds for _, seconds in steps)), 0
        while step < len(steps) - 1 and at > steps[step][1]:
            at -= steps[step][1]
            step += 1
        found.append(Moment(step, at))
    rng.shuffle(found)
    return found


def kill_at(run, moment, steps, done_before):
    """Kills the run at the moment; gives the step it was in, or None if the run was over."""
    if moment.step > 0 and not run.step_begins(steps[moment.step - 1][0]):
        return None
    # What the run before did of the first step is not done again.
    wait = moment.wait if moment.step > 0 else max(0.05, moment.wait - done_before)
    with run.step_ended:
        if run.step_ended.wait_for(lambda: run.ends[-1:] and run.ends[-1][0] is None, wait):
            return None
        ended = run.ends[-1][0] if run.ends else None
    run.process.send_signal(signal.SIGKILL)
    names = [name for name, _ in steps]
    return 0 if ended is None else names.index(ended) + 1


def chain(todo, command, folder, steps, want, counts):
    """Kills and resumes at these moments, then lets the run finish; gives problems, and the moments that it was too quick for."""
    problems, done_before, over = [], 0.0, False
    todo = sorted(todo, key=lambda m: (m.step, m.wait))
    while not over:
        run = Run(command, folder)
        step = kill_at(run, todo[0], steps, done_before) if todo else None
        code, wall, _, peak = run.finish()
        over = code == 0
        if over:
            print(f"  finished in {wall:.1f} s, peak {peak / 2**20:.0f} MiB", flush=True)
            break
        if step is None or code != -signal.SIGKILL:
            return problems + [f"exit {code}: {''.join(run.said)[-500:]}"], []
        todo.pop(0)
        done_before += wall if step == 0 else 0.0
        counts[step] += 1
        own, temporary = beside(folder)
        own = [name for name in own if not name.startswith(".out.")]
        if own or temporary:
            problems.append(f"after the kill: {own}, temporary {temporary}")
        staged = ", ".join(sorted(p.name for p in folder.glob(".out.partial-*/*")))
        print(f"  killed after {wall:.2f} s in '{steps[step][0]}'; staged: {staged or 'nothing'}", flush=True)
        if (folder / "out").exists():
            # It was moved already, so it must be whole. The next run says that it is there, and takes the stale lock away.
            over = Run(command, folder).finish()[0] == 1
    problems += differences(folder / "out", want)
    own, temporary = beside(folder)
    if own or temporary:
        problems.append(f"left over: {own}, temporary {temporary}")
    shutil.rmtree(folder / "out")
    return problems, [Moment(m.step, m.wait * 0.7) for m in todo]


def trial(args, folder):
    slices(folder, [int(n) for n in args.shape.split("x")], args.fold)
    (folder / "tmp").mkdir(exist_ok=True)
    command = [str(TARGET / "petavox"), "skeleton", "slices/*.tif", "-o", "out", "--sigma", "2", "--threshold", "0.45"]
    command += ["--memory", args.memory, "--progress", "always", "--resume"]
    ref = reference(command, folder)
    steps = [tuple(step) for step in ref["steps"]]
    print(f"reference: {ref['wall']:.1f} s wall, {ref['cpu']:.1f} s CPU, peak {ref['peak'] / 2**20:.0f} MiB; "
          + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in steps), flush=True)
    want = contents(folder / "ref")
    todo, counts, problems = moments(args.kills, steps, random.Random(args.seed)), [0] * len(steps), []
    n_runs = 0
    while todo and not problems:
        now, todo = todo[:CHAIN], todo[CHAIN:]
        print(f"chain {n_runs + 1}", flush=True)
        problems, missed = chain(now, command, folder, steps, want, counts)
        todo, n_runs = missed + todo, n_runs + 1
    hit = ", ".join(f"{name} {n}" for (name, _), n in zip(steps, counts))
    word = "; ".join(problems) or f"the same bytes in all {len(want)} files, nothing left over"
    print(f"{sum(counts)} kills ({hit}) on the way to {n_runs} outputs: {word}", flush=True)
    return not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="1024x2048x2048", help="planes, rows and columns of the volume")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--fold", type=int, default=1)
    parser.add_argument("--dir", type=pathlib.Path, help="where to work; default a new folder for temporary files")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    if args.dir:
        args.dir.mkdir(parents=True, exist_ok=True)
    folder = (args.dir or pathlib.Path(tempfile.mkdtemp(prefix="kill_big"))).resolve()
    good = trial(args, folder)
    if good and not args.keep:
        for name in ["slices", "ref", "tmp"]:
            shutil.rmtree(folder / name)
        (folder / "ref.json").unlink()
        folder.rmdir()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
