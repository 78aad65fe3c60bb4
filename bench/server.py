"""How fast the server answers: tiles, steps through z, pans that are given up, metadata of 10^9 chunks, and its memory.

    python bench/server.py [--petavox PATH] [--seconds 5] [--clients 4] [--folder DIR] [stored] [smooth] [metadata]

The client is one process with plain sockets. It and the server share the machine's cores: where those are two, part of what is measured
is the client. CPU seconds of the server alone are told beside, which other work on the machine changes little.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import socket
import subprocess
import tempfile
import threading
import time

import numpy as np
import zarr

SHAPE = (128, 1024, 1024)


class Client:
    """One connection that is kept."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray(1 << 20)

    def send(self, path):
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def receive(self):
        view, have, end = memoryview(self.buffer), 0, -1
        while end < 0:
            got = self.socket.recv_into(view[have:])
            if got == 0:
                raise ConnectionError("the server hung up")
            have += got
            end = self.buffer.find(b"\r\n\r\n", 0, have)
        head = bytes(self.buffer[:end]).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        left = length - (have - end - 4)
        if left:
            # One call, whatever the pieces in which it comes.
            left -= self.socket.recv_into(view[have : have + left], left, socket.MSG_WAITALL)
        assert left == 0, left
        return int(head[9:12]), length

    def get(self, path):
        self.send(path)
        return self.receive()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024


def health(port):
    client = Client(port)
    client.send("/health")
    data = b""
    while b"\r\n\r\n" not in data or not data.rstrip().endswith(b"}}"):
        data += client.socket.recv(1 << 16)
    return json.loads(data.split(b"\r\n\r\n")[1])


@contextlib.contextmanager
def served(program, *arguments):
    """Port and process of a server."""
    command = [program, "serve", *map(str, arguments), "--json", "--memory", "1GiB"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = json.loads(server.stdout.readline())["url"]
            yield int(url.rstrip("/").rsplit(":", 1)[1]), server.pid
        finally:
            server.terminate()
            server.wait(20)


def tile(z, y, x):
    return f"/images/stored/zarr/0/c/{z}/{y}/{x}"


def steps(port):
    """One plane after another, the four tiles in the middle at once."""
    clients, took = [Client(port) for _ in range(4)], []
    for z in range(SHAPE[0]):
        began = time.perf_counter()
        for k, client in enumerate(clients):
            client.send(tile(z, 1 + k // 2, 1 + k % 2))
        for client in clients:
            client.receive()
        took.append(time.perf_counter() - began)
    p50, p95 = np.percentile(took, [50, 95]) * 1000
    print(f"steps through z, four tiles each: p50 {p50:.1f} ms (aim 50), p95 {p95:.1f} ms (aim 120)", flush=True)


def all_tiles(port, pid, n_clients, paths, title):
    """Every tile once, by several clients side by side."""
    left, lock = iter(paths), threading.Lock()

    def work():
        client = Client(port)
        while True:
            with lock:
                path = next(left, None)
            if path is None:
                return
            status, length = client.get(path)
            assert status == 200 and length == 256 * 256 * 2, (status, length)

    timed(port, pid, [threading.Thread(target=work) for _ in range(n_clients)], lambda: len(paths), title)


def any_tiles(port, pid, seconds, n_clients, paths, title):
    """As many tiles as come in a time, in no order."""
    done, stop = [0] * n_clients, time.monotonic() + seconds

    def work(k):
        client, order = Client(port), random.Random(k)
        while time.monotonic() < stop:
            status, _ = client.get(order.choice(paths))
            assert status == 200, status
            done[k] += 1

    timed(port, pid, [threading.Thread(target=work, args=(k,)) for k in range(n_clients)], lambda: sum(done), title)


def timed(port, pid, threads, count, title):
    before, began = cpu_seconds(pid), time.monotonic()
    [t.start() for t in threads]
    [t.join() for t in threads]
    wall, cpu = time.monotonic() - began, cpu_seconds(pid) - before
    print(f"{title}: {count() / wall:,.0f} tiles/s, {count() / max(cpu, 0.01):,.0f} per CPU second of the server", flush=True)


def pans(port):
    """500 pans in 10 s, most of which are given up, while four clients read; then all has to settle."""
    stop = threading.Event()
    counts = [SHAPE[0], SHAPE[1] // 256, SHAPE[2] // 256]
    before = health(port)["tiles"]

    def path(order):
        return tile(*(order.randrange(n) for n in counts))

    def read(k):
        client, order = Client(port), random.Random(100 + k)
        while not stop.is_set():
            client.get(path(order))

    readers = [threading.Thread(target=read, args=(k,)) for k in range(4)]
    [t.start() for t in readers]
    order, looking = random.Random(1), []
    began = time.monotonic()
    for k in range(500):
        for client in looking:
            client.socket.close()
        looking = [Client(port) for _ in range(4)]
        for client in looking:
            client.send(path(order))
        time.sleep(max(0, began + (k + 1) * 0.02 - time.monotonic()))
    took, settled = time.monotonic() - began, time.monotonic()
    stop.set()
    [client.receive() for client in looking]
    [t.join() for t in readers]
    while True:
        told = health(port)["tiles"]
        if told["queue"] + told["running"] == 0:
            break
        time.sleep(0.01)
    settled = time.monotonic() - settled
    new = {key: told[key] - before[key] for key in ("computed", "from_memory", "shared", "cancelled", "failed", "busy_ms", "wasted_ms")}
    share = 100 * new["wasted_ms"] / max(1, new["busy_ms"])
    print(f"500 pans in {took:.1f} s and 4 readers: settled {settled:.2f} s after the last (aim 1), {share:.1f} % of the work thrown away (aim 5); {new}", flush=True)


def looking(given, path, *arguments):
    """All of it on one image."""
    every = [tile(z, y, x) for z in range(SHAPE[0]) for y in range(4) for x in range(4)]
    print(f"\n{path.name} {' '.join(arguments)}", flush=True)
    with served(given.petavox, path, *arguments) as (port, _):
        steps(port)
    with served(given.petavox, path, *arguments) as (port, pid):
        all_tiles(port, pid, given.clients, every, "every tile once, by planes")
        any_tiles(port, pid, given.seconds, given.clients, every[-512:], "tiles seen before (aim 3,000)")
        print(f"peak memory {peak_bytes(pid) / 2**20:.0f} MiB of 1024", flush=True)
    with served(given.petavox, path, *arguments) as (port, pid):
        pans(port)
        print(f"peak memory {peak_bytes(pid) / 2**20:.0f} MiB of 1024", flush=True)


def stored(given, folder):
    """An image in chunks of 32 x 128 x 128: exact tiles are cut from four of them."""
    looking(given, image(folder))


def smooth(given, folder):
    """A filter over it, computed as one looks."""
    looking(given, image(folder), "--apply=gaussian:sigma=2")


def image(folder):
    path = folder / "stored.zarr"
    if not path.exists():
        noise = np.random.default_rng(0).integers(0, 4000, (32, *SHAPE[1:]), dtype=np.uint16)
        array = zarr.create_array(path, shape=SHAPE, chunks=(32, 128, 128), dtype="uint16")
        for z in range(0, SHAPE[0], 32):
            array[z : z + 32] = np.roll(noise, z * 37, axis=2)
    return path


def metadata(given, folder):
    """What describes an image of 10^9 chunks, of which a few are there."""
    path = folder / "wide.zarr"
    group = zarr.open_group(path, mode="w")
    group.create_array("0", shape=(1000, 256_000, 256_000), chunks=(1, 256, 256), dtype="u2")
    axes = [{"name": a, "type": "space"} for a in "zyx"]
    place = [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": place}]}]}
    print("\nan image of 10^9 chunks", flush=True)
    for arguments in ((), ("--apply=gaussian:sigma=2",)):
        with served(given.petavox, path, *arguments) as (port, _):
            client = Client(port)
            for name in ("zarr/zarr.json", "zarr/0/zarr.json", "zarr2/.zattrs", "zarr2/0/.zarray", "zarr2/.zmetadata"):
                took = []
                for _ in range(100):
                    began = time.perf_counter()
                    status, length = client.get(f"/images/wide/{name}")
                    took.append((time.perf_counter() - began) * 1000)
                    assert status == 200, status
                p50, p95 = np.percentile(took, [50, 95])
                title = f"{name} {' '.join(arguments)}"
                print(f"{title}: {length:,} bytes (aim 4,000), first {took[0]:.2f} ms, p50 {p50:.2f}, p95 {p95:.2f} ms (aim 5)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--petavox", default=os.environ.get("PETAVOX", "target/release/petavox"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--folder", default=None)
    parts = {"stored": stored, "smooth": smooth, "metadata": metadata}
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="all by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for name in given.parts or parts:
            parts[name](given, pathlib.Path(folder))


if __name__ == "__main__":
    main()
