"""Runs every check_*.py beside this file and says which passed.

Each check is a script of its own: it ends with status 0 when it passes, and prints a line that begins with
"skipped:" when what it needs is not there. It finds in its environment

PETAVOX       path of the built program
PETAVOX_DATA  folder of real test images, when there is one
"""

import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def main(names):
    env = dict(os.environ, PYTHONWARNINGS="ignore", PYTHONDONTWRITEBYTECODE="1")
    data = pathlib.Path(env.get("PETAVOX_DATA", ROOT.parent / "shared" / "data"))
    if data.is_dir():
        env["PETAVOX_DATA"] = str(data)
    else:
        env.pop("PETAVOX_DATA", None)
    env.setdefault("PETAVOX", str(ROOT / "target" / "release" / "petavox"))
    if not os.access(env["PETAVOX"], os.X_OK):
        print(f"{env['PETAVOX']}: no such program; build it with cargo build --release, or set PETAVOX")
        return 1

    checks = sorted(HERE.glob("check_*.py"))
    if names:
        checks = [c for c in checks if any(name in c.name for name in names)]
    failed = []
    for check in checks:
        begin = time.monotonic()
        run = subprocess.run(
            [sys.executable, str(check)], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=900,
        )
        skipped = [line for line in run.stdout.splitlines() if line.startswith("skipped:")]
        word = "FAILED" if run.returncode else skipped[0] if skipped else "passed"
        print(f"{check.name}: {word} ({time.monotonic() - begin:.1f} s)", flush=True)
        if run.returncode:
            failed.append(check.name)
            print(run.stdout)
    print(f"{len(checks) - len(failed)} of {len(checks)} live checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
