// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Whether results come in the order of the input or as they are completed.
public enum ResultOrder: String, Sendable, Hashable, Codable, CaseIterable {
    /// In the order of the input.
    case input
    /// As they are completed.
    case done
}

/// What a pool does with numbers: a value that may be kept, compared, coded and used for any number of runs.
public struct PoolJob: Sendable, Hashable, Codable {
    /// Which engine tests.
    public var engine: Engine
    /// How.
    public var options: TestOptions
    /// The order of the results.
    public var order: ResultOrder
    /// Whether evidence and CPU time are collected number by number.
    public var wantsReports: Bool
    /// How long testing one number may take, by the clock; `nil` for as long as it takes.
    ///
    /// Time while the whole program is stopped, as by Ctrl-Z, does not count; while a worker alone is, it does.
    ///
    /// Only a ``ProcessPool`` can end a test from outside, other pools ignore it. A chunk that takes
    /// longer is halved, and its halves again, so that only a number that alone takes longer fails.
    public var timeout: Duration?
    /// Makes a job.
    public init(
        engine: Engine = .auto, options: TestOptions = TestOptions(), order: ResultOrder = .input,
        wantsReports: Bool = false, timeout: Duration? = nil
    ) {
        self.engine = engine
        self.options = options
        self.order = order
        self.wantsReports = wantsReports
        self.timeout = timeout
    }
}
