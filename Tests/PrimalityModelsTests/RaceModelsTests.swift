// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityModels
import PrimalityPool
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15)), .serialized) struct RaceModelsTests {
    private static let models: [ConcurrencyModel] = [
        .processes, .interpreterLock, .releasedLock, .actors, .compiledCode,
    ]

    @Test func namesAreTheirOwn() {
        #expect(
            Self.models.map(\.name)
                == ["processes", "gil", "gil-released", "actors", "compiled"])
    }

    @Test(arguments: 0..<5) func aModelIsCancelled(_ i: Int) async throws {
        let model = Self.models[i]
        let setting = ConcurrencyModel.Setting(workers: 2)
        setting.cancel.cancel()
        let result = try await onOwnThread { () throws(PoolError) in
            Result { try model.measure(setting) }
        }
        #expect(throws: PoolError.cancelled) { try result.get() }
    }
}
