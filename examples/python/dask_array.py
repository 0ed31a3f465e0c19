# SPDX-License-Identifier: Apache-2.0
"""A Dask array on two local workers: is_prime is a ufunc, so it stays lazy until compute()."""

import dask.array as da
import libprimality
from dask.distributed import Client, LocalCluster


def count_primes(below: int, workers: int = 2) -> int:
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        numbers = da.arange(below, chunks=max(1, below // (4 * workers)))
        return int(libprimality.is_prime(numbers).sum().compute())


if __name__ == "__main__":
    print(count_primes(10**6))  # 78498
