// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityModels
import PrimalityPool
import TestVectors
import Testing

@Suite(.timeLimit(.minutes(15)), .serialized) struct RaceModelsTests {
    private static let models: [ConcurrencyModel] = [
        .processes, .interpreterLock, .releasedLock, .actors, .compiledCode,
    ]

    /// Whether the claims hold depends on the machine; what they rest on is to be there.
    @Test(arguments: 0..<5) func aModelMeasuresWhatItClaims(_ i: Int) async throws {
        let model = Self.models[i]
        // Trial division in Swift takes minutes in unoptimised code.
        if model.name == "gil" && TestFiles.sanitizer != nil { return }
        let outcome = try await onOwnThread { () throws(PoolError) in
            Result { try model.measure(ConcurrencyModel.Setting(workers: 2)) }
        }.get()
        #expect(outcome.figures.count >= 5)
        #expect(Set(outcome.figures.map(\.name)).count == outcome.figures.count)
        #expect(outcome.figures.allSatisfy { $0.value.isFinite })
        let times = outcome.figures.filter { ["ms", "us"].contains($0.unit) }
        #expect(times.count >= 2)
        #expect(times.allSatisfy { $0.value > 0 })
        #expect(outcome.claims.count >= 2)
        #expect(outcome.claims.allSatisfy { $0.statement.hasSuffix(".") })
        #expect(outcome.claims.allSatisfy { $0.evidence.contains { $0.isNumber } })
        #expect(model.command.hasPrefix("primality race "))
    }

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

    /// A single worker cannot gain anything, and the claims say so.
    @Test func claimsAreDecidedByFigures() async throws {
        let outcome = try await onOwnThread { () throws(PoolError) in
            Result { try ConcurrencyModel.actors.measure(ConcurrencyModel.Setting(workers: 1)) }
        }.get()
        let speedup = try #require(
            outcome.figures.first { $0.name == "trial actors, speed-up" }?.value)
        #expect(outcome.claims.last?.holds == (speedup >= 1.2))
        #expect(outcome.claims.last?.evidence.contains("actors") == true)
    }
}
