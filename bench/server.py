"""How fast the server answers: tiles of a stored image, steps through z, scripted pans that are given up, and its memory.

    python bench/server.py [--petavox PATH] [--seconds 5] [--clients 8] [--folder DIR]

The client is one process with plain sockets. It and the server share the machine's cores: where those are two, half of what is measured
is the client. CPU seconds of the server alone are told beside.
"""

import argparse
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


class Client:
    """One connection that is kept."""

    def __init__(self, port):
        self.port = port
        self.connect()

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray(1 << 20)

    def send(self, path):
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def receive(self):
        view, have, end = memoryview(self.buffer), 0, -1
        while end < 0:
            have += self.socket.recv_into(view[have:])
            end = self.buffer.find(b"\r\n\r\n", 0, have)
        head = bytes(self.buffer[:end]).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        left = length - (have - end - 4)
        while left:
            left -= self.socket.recv_into(view[: min(left, len(view))])
        return int(head[9:12]), length

    def get(self, path):
        self.send(path)
        return self.receive()

    def give_up(self):
        self.socket.close()
        self.connect()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024


def tiles(port, pid, seconds, n_clients, paths, title):
    """As many tiles as come in a time."""
    done, stop = [0] * n_clients, time.monotonic() + seconds

    def work(k):
        client, order = Client(port), random.Random(k)
        while time.monotonic() < stop:
            status, _ = client.get(order.choice(paths))
            assert status == 200, status
            done[k] += 1

    before, began = cpu_seconds(pid), time.monotonic()
    threads = [threading.Thread(target=work, args=(k,)) for k in range(n_clients)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    wall, cpu = time.monotonic() - began, cpu_seconds(pid) - before
    print(f"{title}: {sum(done) / wall:,.0f} tiles/s, {sum(done) / cpu:,.0f} per CPU second of the server")


def steps(port, shape, title):
    """One plane after another, four tiles each."""
    client, took = Client(port), []
    for z in range(0, min(shape[0], 200)):
        began = time.perf_counter()
        for y in range(2):
            for x in range(2):
                client.get(f"/images/{title}/zarr/0/c/{z}/{y}/{x}")
        took.append(time.perf_counter() - began)
    p50, p95 = np.percentile(took, [50, 95]) * 1000
    print(f"steps through z of {title}, four tiles each: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def pans(port, pid, shape, title):
    """500 pans in 10 s, most of which are given up, while four clients read; then all has to settle."""
    stop = threading.Event()
    counts = [shape[0], -(-shape[1] // 256), -(-shape[2] // 256)]

    def path(order):
        return f"/images/{title}/zarr/0/c/" + "/".join(str(order.randrange(n)) for n in counts)

    def read(k):
        client, order = Client(port), random.Random(100 + k)
        while not stop.is_set():
            client.get(path(order))

    readers = [threading.Thread(target=read, args=(k,)) for k in range(4)]
    [t.start() for t in readers]
    order, open_now = random.Random(1), []
    began = time.monotonic()
    for k in range(500):
        for client in open_now:
            client.socket.close()
        open_now = [Client(port) for _ in range(4)]
        for client in open_now:
            client.send(path(order))
        time.sleep(max(0, began + (k + 1) * 0.02 - time.monotonic()))
    stop.set()
    settled = time.monotonic()
    [client.receive() for client in open_now]
    [t.join() for t in readers]
    status = 1
    while status:
        told = health(port)
        status = told["tiles"]["queue"] + told["tiles"]["running"]
        time.sleep(0.01)
    print(f"500 pans and 4 readers on {title}: settled {time.monotonic() - settled:.2f} s after the last; {json.dumps(told['tiles'])}")


def health(port):
    client = Client(port)
    client.send("/health")
    data = b""
    while b"\r\n\r\n" not in data or not data.rstrip().endswith(b"}}"):
        data += client.socket.recv(1 << 16)
    return json.loads(data.split(b"\r\n\r\n")[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--petavox", default=os.environ.get("PETAVOX", "target/release/petavox"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--folder", default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        shape = (128, 1024, 1024)
        noise = np.random.default_rng(0).integers(0, 4000, shape, dtype=np.uint16)
        path = pathlib.Path(folder) / "stored.zarr"
        zarr.create_array(path, shape=shape, chunks=(32, 128, 128), dtype="uint16")[...] = noise
        began = time.monotonic()
        command = [given.petavox, "serve", path, "--json", "--memory", "1GiB"]
        smooth = command[:3] + ["--apply=gaussian:sigma=2"] + command[3:]
        for command, title in ((command, "stored"), (smooth, "stored")):
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
                try:
                    url = json.loads(server.stdout.readline())["url"]
                    port = int(url.rstrip("/").rsplit(":", 1)[1])
                    print(f"\n{' '.join(map(str, command[3:]))}")
                    counts = [shape[0], 4, 4]
                    every = [f"/images/stored/zarr/0/c/{z}/{y}/{x}" for z in range(128) for y in range(4) for x in range(4)]
                    steps(port, shape, title)
                    tiles(port, server.pid, given.seconds, given.clients, every, "any tile")
                    tiles(port, server.pid, given.seconds, given.clients, every[:256], "tiles seen before")
                    pans(port, server.pid, shape, title)
                    print(f"peak memory {peak_bytes(server.pid) / 2**20:.0f} MiB of 1024")
                finally:
                    server.terminate()
                    server.wait(20)


if __name__ == "__main__":
    main()
