// SPDX-License-Identifier: Apache-2.0
//
// A program of somebody else's, built by swift-client.sh.

import CKernels
import Primality
import PrimalityPool
import PurePrimality

precondition(isPrime(18_446_744_073_709_551_557))
precondition(Pure64.isPrime(4_294_967_311))
precondition(prk_is_prime_u64(4_294_967_311))

let number = try BigNatural(parsing: "170141183460469231731687303715884105757")
let found = try Verdict(of: number)
precondition(found == .probablePrime)

func testOnPool() async throws {
    let found = try await ProcessPool(workers: 2).verdicts(of: [2, 561, number, 0])
    precondition(found == [.prime, .composite, .probablePrime, .neither])
    print("client: \(found)")
}
try await testOnPool()
