"""Libraries of JavaScript in a headless Chromium: zarrita, and viv, with which vizarr and Avivator read and draw."""

import contextlib
import functools
import hashlib
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import threading

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "live"))
import browser  # noqa: E402


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def page(folder):
    """A page in which the libraries are loaded; `folder` keeps what npm installs. The versions come along."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "page.js"):
        shutil.copy(HERE / "web" / name, folder / name)
    if not (folder / "node_modules" / "zarrita").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)
    bundle = ["node_modules/.bin/esbuild", "page.js", "--bundle", "--format=esm", "--outfile=site/bundle.js", "--log-level=error"]
    subprocess.run(bundle, cwd=folder, check=True)
    (folder / "site" / "index.html").write_text('<!doctype html><title>clients</title><script type="module" src="bundle.js"></script>')
    version = lambda name: json.loads((folder / "node_modules" / name / "package.json").read_text())["version"]  # noqa: E731
    handler = functools.partial(Quiet, directory=folder / "site")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site, browser.Browser() as tab:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        tab.open(f"http://127.0.0.1:{site.server_address[1]}/")
        tab.wait("globalThis.clients !== undefined")
        try:
            yield tab, {"zarrita": version("zarrita"), "viv": version("@hms-dbmi/viv")}
        finally:
            site.shutdown()


def same(told, expected):
    """Raises if the digest is of other samples."""
    assert told["shape"] == list(expected.shape), (told["shape"], expected.shape)
    digest = hashlib.sha256(np.ascontiguousarray(expected).tobytes()).hexdigest()
    assert told["sha256"] == digest, f"the samples differ from the expected ({told})"


def zarrita(tab, base, version, box, expected):
    address = f"{base}/{'zarr2' if version == 2 else 'zarr'}"
    wanted = [[s.start, s.stop] for s in box]
    same(tab.evaluate(f"clients.zarrita({json.dumps(address)}, {version}, {json.dumps(wanted)})"), expected)


def viv(tab, address, selection, samples):
    """A whole plane of y and x."""
    same(tab.evaluate(f"clients.viv({json.dumps(address)}, {json.dumps(selection)})"), samples)
