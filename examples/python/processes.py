# SPDX-License-Identifier: Apache-2.0
"""Large numbers on the processes of joblib: each gets a slice, and gives its verdicts back."""

import joblib
import libprimality
import numpy as np


def verdicts(numbers: list[int], workers: int = 2) -> np.ndarray:
    slices = [numbers[i : i + 64] for i in range(0, len(numbers), 64)]
    found = joblib.Parallel(n_jobs=workers)(joblib.delayed(libprimality.verdict)(s) for s in slices)
    return np.concatenate(found)


if __name__ == "__main__":
    mersenne = [2**n - 1 for n in range(2, 608)]
    primes = [n + 2 for n, verdict in enumerate(verdicts(mersenne)) if verdict == 3]
    print(*primes)  # 2 3 5 7 13 17 19 31 61 89 107 127 521 607
