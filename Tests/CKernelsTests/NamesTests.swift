// SPDX-License-Identifier: Apache-2.0

import CKernels
import Primality
import Testing

/// The values of C's enumerations are the places of Swift's cases, by one list of names.
@Suite struct NamesTests {
    /// The names from value 0 on, up to the first value that has none.
    private static func names<Value: RawRepresentable>(
        _ name: (Value) -> UnsafePointer<CChar>?
    ) -> [String] where Value.RawValue == UInt32 {
        var all: [String] = []
        while let value = Value(rawValue: UInt32(all.count)), let next = name(value) {
            all.append(String(cString: next))
        }
        return all
    }

    @Test func swiftHasThemInTheOrderOfC() {
        #expect(
            Self.names(prk_method_name) == TestMethod.allCases.map(\.rawValue))
        #expect(
            Self.names(prk_verdict_name)
                == Verdict.allCases.map(\.identifier))
        #expect(
            Self.names(prk_level_name) == KernelLevel.allCases.map(\.rawValue))
        // Those in Swift alone come after them.
        let engines = Self.names(prk_engine_name)
        #expect(Engine.allCases.map(\.rawValue) == engines + ["swift-trial", "swift-u64"])
        for (i, engine) in Engine.allCases.enumerated() {
            #expect(Int(engine.code) == i && Engine(code: UInt8(i)) == engine)
        }
        #expect(Engine(code: UInt8(Engine.allCases.count)) == nil)
        for (i, verdict) in Verdict.allCases.enumerated() { #expect(Int(verdict.rawValue) == i) }
        #expect(String(cString: prk_verdict_name(.untested)) == "untested")
    }
}
