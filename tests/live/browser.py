"""A headless Chromium, driven over the DevTools protocol through two pipes: no library and no open port."""

import base64
import fcntl
import io
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
from PIL import Image

FLAGS = [
    "--headless", "--no-sandbox", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--hide-scrollbars", "--mute-audio", "--remote-debugging-pipe", "--force-device-scale-factor=1",
]
#: Without a graphics card: pages are put together by the processor, and WebGL is drawn by it.
SOFTWARE = ["--disable-gpu"]
#: The same, but pages are put together by the emulated card, as they are by a real one: no picture is read back by the page's thread.
EMULATED = ["--use-gl=angle", "--use-angle=swiftshader", "--ignore-gpu-blocklist", "--enable-gpu-rasterization"]
#: Pipes are moved to these numbers by a small program between us and Chromium, which reads 3 and writes 4.
LAUNCH = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"


#: Pages that are open.
OPEN = []


def find():
    """Path of a Chromium, or None."""
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    found = (path for path in map(shutil.which, filter(None, names)) if path)
    # Some systems have a program of this name that only says where the browser could be had.
    works = lambda path: subprocess.run([path, "--version"], capture_output=True).returncode == 0  # noqa: E731
    return next(filter(works, found), None)


class Browser:
    """One page. Events are kept: console messages, exceptions, requests."""

    def __init__(self, width=1000, height=800, graphics=SOFTWARE):
        self.folder = tempfile.TemporaryDirectory(prefix="petavox-chromium-", ignore_cleanup_errors=True)
        there, to_child = os.pipe()
        from_child, back = os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (there, back)]
        for end in (there, back):
            os.close(end)
        command = [find(), *FLAGS, *graphics, f"--user-data-dir={self.folder.name}", f"--window-size={width},{height}", "about:blank"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *map(str, high), *command],
            pass_fds=high, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        for end in high:
            os.close(end)
        self.write, self.read = os.fdopen(to_child, "wb", 0), os.fdopen(from_child, "rb", 0)
        self.answers, self.last, self.session = {}, 0, None
        self.console, self.errors, self.requests, self.responses = [], [], [], {}
        threading.Thread(target=self._listen, daemon=True).start()
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        # Workers are targets of their own: their requests are seen, too.
        self.call("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def call(self, method, _session=None, **params):
        """Sends a command and waits for its answer."""
        waiting = self._send(method, _session or self.session, params)
        answer = waiting.get(timeout=60)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _send(self, method, session, params):
        self.last += 1
        waiting = self.answers[self.last] = queue.Queue()
        message = {"id": self.last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self.write.write(json.dumps(message).encode() + b"\0")
        return waiting

    def _listen(self):
        rest = b""
        while data := self.read.read(1 << 16):
            *whole, rest = (rest + data).split(b"\0")
            for text in whole:
                message = json.loads(text)
                if "id" in message:
                    self.answers.pop(message["id"]).put(message)
                else:
                    self._event(message["method"], message["params"])

    def _event(self, method, params):
        if method == "Runtime.consoleAPICalled":
            self.console.append((params["type"], " ".join(str(a.get("value", a.get("description"))) for a in params["args"])))
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.loadingFinished":
            self.responses[params["requestId"]] = params["encodedDataLength"]
        elif method == "Target.attachedToTarget":
            child = params["sessionId"]
            self._send("Network.enable", child, {})
            self._send("Runtime.enable", child, {})
            self._send("Runtime.runIfWaitingForDebugger", child, {})

    def open(self, url):
        self.call("Page.navigate", url=url)

    def evaluate(self, code):
        """The value of a piece of JavaScript; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, code, seconds=30):
        """Waits until a piece of JavaScript is true, and says how long that took."""
        begin = time.monotonic()
        while True:
            try:
                if self.evaluate(code):
                    return time.monotonic() - begin
            except RuntimeError as error:
                if "context" not in str(error).lower():
                    raise
            if time.monotonic() - begin > seconds:
                raise TimeoutError(f"not within {seconds} s: {code}")
            time.sleep(0.02)

    def screenshot(self, path=None):
        """The page as an array of (height, width, 3) bytes."""
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        if path:
            with open(path, "wb") as out:
                out.write(data)
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def drag(self, start, end, steps=8):
        self.mouse("mousePressed", *start, button="left", clickCount=1)
        for k in range(1, steps + 1):
            x, y = (a + (b - a) * k / steps for a, b in zip(start, end))
            self.mouse("mouseMoved", x, y, button="left", buttons=1)
        self.mouse("mouseReleased", *end, button="left", clickCount=1)

    def click(self, x, y):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def key(self, key, **more):
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, **more)

    def close(self):
        try:
            self.call("Browser.close", _session="")
            self.process.wait(5)
        except Exception:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        OPEN.append(self)
        return self

    def __exit__(self, *_):
        OPEN.remove(self)
        self.close()
