"""PageRank on two workers of one thread each: between two hosts, network namespaces of this machine, through TLS, ÷ on one host through
Unix sockets, which is all the plaintext there is. Needs root.

    tls_bench.py [--scale 20] [--rounds 20] [--times 5]

Times are taken in turn, one of each after the other; medians.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import gli

sys.path.append(str(Path(__file__).parents[1] / "cluster"))
from by_hand import ByHand, connected, ready  # noqa: E402
from host_namespaces import Hosts, why_not  # noqa: E402

GOAL = 1.5


def seconds(ask) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def compare(plain: gli.DistributedGraph, beyond: gli.DistributedGraph, rounds: int, times: int) -> None:
    assert plain.pagerank(iterations=2).to_arrow().equals(beyond.pagerank(iterations=2).to_arrow())
    taken: dict[str, list[float]] = {"sockets": [], "TLS": []}
    for _ in range(times):
        for name, graph in (("sockets", plain), ("TLS", beyond)):
            taken[name].append(seconds(lambda graph=graph: graph.pagerank(iterations=rounds)))
    sockets, tls = (statistics.median(taken[name]) for name in ("sockets", "TLS"))
    print(f"PageRank, {rounds} rounds: sockets {sockets:.3f} s  TLS {tls:.3f} s  ratio {tls / sockets:.2f} (goal {GOAL})")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--times", type=int, default=5)
    o = parser.parse_args()
    if why := why_not():
        sys.exit(f"tls_bench: {why}")
    hosts = Hosts(["ann", "bob"])
    with tempfile.TemporaryDirectory(prefix="gli-") as folder:
        hand = ByHand(Path(folder) / "c", prefix=hosts.prefix)
        try:
            hand.start(2, listen=f"{hosts.address('ann')}:0", host="ann")
            hand.worker("ann", "--join", hand.address, host="ann")
            hand.worker("bob", "--join", hand.tls_address, "--credentials", hand.directory / "credentials", host="bob")
            with gli.LocalCluster(2, threads_per_worker=1) as one_host, gli.Client(one_host) as near, hosts.inside("ann"):
                with connected(hand.address) as far:
                    ready(far)
                    graphs = [client.generate_kronecker(o.scale, directed=False) for client in (near, far)]
                    compare(*graphs, o.rounds, o.times)
        finally:
            hand.end()
            hosts.close()


if __name__ == "__main__":
    main()
