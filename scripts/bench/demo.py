"""Time from the start of the server to its first tile of the demonstration
land, each start a new process. Prints a Markdown table.

    demo.py PROGRAM DATA [STARTS]
"""
import math
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

PROGRAM, DATA = sys.argv[1:3]
STARTS = int(sys.argv[3]) if len(sys.argv) > 3 else 9
LON, LAT, ZOOM = 9.77, 45.96, 12  # in the middle of the land


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def first_tile(path):
    port = free_port()
    begin = time.monotonic()
    server = subprocess.Popen(
        [PROGRAM, "--data", DATA, "serve", "--addr", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as r:
                    if r.status == 200 and r.read():
                        return time.monotonic() - begin
                    sys.exit(f"{path}: {r.status} and nothing in it")
            except urllib.error.HTTPError as e:
                sys.exit(f"{path}: {e}")
            except OSError:
                time.sleep(0.002)
            if time.monotonic() - begin > 30:
                sys.exit("no tile within 30 s")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


n = 2**ZOOM
x = int((LON + 180) / 360 * n)
phi = math.radians(LAT)
y = int((1 - math.log(math.tan(phi) + 1 / math.cos(phi)) / math.pi) / 2 * n)
print("| first tile | median ms | least | most |\n|---|---:|---:|---:|")
for name, path in (
    ("satellite scene, three bands", f"/xyz/sentinel-2/{ZOOM}/{x}/{y}.png?bands=B04,B03,B02"),
    ("municipalities", f"/xyz/municipalities/{ZOOM}/{x}/{y}.mvt"),
    ("roads", f"/xyz/roads/{ZOOM}/{x}/{y}.mvt"),
):
    ms = sorted(1000 * first_tile(path) for _ in range(STARTS))
    print(f"| {name} | {statistics.median(ms):.0f} | {ms[0]:.0f} | {ms[-1]:.0f} |")
