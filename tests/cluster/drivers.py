"""Drivers in processes of their own, for tests that watch one at work, or end it."""

import contextlib
import subprocess
import sys

ENDLESS = """
import sys, gli
with gli.connect(sys.argv[1]) as client:
    print("connected", flush=True)
    client.generate_kronecker(12).pagerank(iterations=10_000_000)
"""


@contextlib.contextmanager
def at_work(address):
    """A driver that loads a graph, and whose PageRank then runs until the block ends, and it with it. Its process."""
    driver = subprocess.Popen([sys.executable, "-c", ENDLESS, address], stdout=subprocess.PIPE, text=True)
    try:
        assert driver.stdout.readline() == "connected\n"
        yield driver
    finally:
        driver.kill()
        driver.wait()
        driver.stdout.close()
