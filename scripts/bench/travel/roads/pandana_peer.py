"""The nearest service of every node by pandana, on arcs that main.go wrote.

The file holds float64: nodes, arcs, services; lon, lat and our seconds of each
node; from, to and seconds of each arc; the node of each service.
"""
import sys
import time

import numpy as np
import pandana
import pandas as pd

data = np.fromfile(sys.argv[1])
n, m, k = (int(v) for v in data[:3])
nodes = data[3:3 + 3 * n].reshape(n, 3)
arcs = data[3 + 3 * n:3 + 3 * n + 3 * m].reshape(m, 3)
services = data[3 + 3 * n + 3 * m:].astype(int)


def clock(what, do):
    cpu, began = time.process_time(), time.perf_counter()
    out = do()
    print(f"{what:44} {time.perf_counter() - began:8.3f} s   processor {time.process_time() - cpu:8.3f} s", flush=True)
    return out


frame = pd.DataFrame(arcs, columns=["from", "to", "s"])
# pandana 0.8 holds weights as whole thousandths.
net = clock("pandana: build and contract", lambda: pandana.Network(
    pd.Series(nodes[:, 0]), pd.Series(nodes[:, 1]), frame["from"].astype(int), frame["to"].astype(int), frame[["s"]], twoway=False))
far = 1e6
reach = min(far, float(np.nanmax(nodes[np.isfinite(nodes[:, 2]), 2])) * 1.01 + 1)
clock("pandana: precompute to that reach", lambda: net.set_pois("service", reach, 3, pd.Series(nodes[services, 0]), pd.Series(nodes[services, 1])))
for run in (1, 2, 3):
    near = clock(f"pandana: nearest service, run {run}", lambda: net.nearest_pois(reach, "service", num_pois=1))
clock("pandana: the 3 nearest", lambda: net.nearest_pois(reach, "service", num_pois=3))
theirs, ours = near.iloc[:, 0].to_numpy(), nodes[:, 2]
reached = np.isfinite(ours)
print(f"nodes reached {reached.sum()}, greatest difference {np.abs(theirs - ours)[reached].max():.3f} s")
