// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal

/// Tests of large numbers that take hours or days: how far they are, and what is kept of them.
///
/// One is made before a run and given to it in ``TestOptions/longTests``. It tells where each test is that runs by
/// itself, of a number of ``leastBits`` bits and more, in this process or in one that was forked later. With a
/// folder each such test writes checkpoints, and the same test goes on from there, in another process or on another
/// machine, whatever its instruction set.
///
/// The pointer is set once and freed with the last reference; all that C does with it may be done by any thread, but
/// for ``notices()``, which a lock guards.
@safe public final class LongTests: @unchecked Sendable, Hashable {
    /// Tests of smaller numbers take seconds, do not tell, and are not kept.
    public static let leastBits = Int(PRK_LONG_LEAST_BITS)

    /// Where a test is.
    public struct Progress: Sendable, Hashable {
        /// The number's size.
        public var bits: Int
        /// Its lowest 64 bits.
        public var low: UInt64
        /// Which of the powers and Lucas sequences it is of which the test consists, from 1.
        ///
        /// How many there will be depends on what they say: a composite number has one as a rule.
        public var step: Int
        /// Whether it is a Lucas sequence V(P, 1), and no power.
        public var isLucas: Bool
        /// The base of the power, or P; `nil` for one of more than 64 bits.
        public var base: UInt64?
        /// Squares, or steps of a ladder, that are done.
        public var done: Int
        /// All of them.
        public var total: Int
        /// Of those that are done, those that came from a checkpoint.
        public var resumed: Int
        /// How long those took that did not.
        public var time: Duration
        /// Products that were computed again since rounding was too coarse.
        public var alarms: Int
        /// Checks that the test has passed.
        public var checks: Int
        /// Stretches that were computed again since a check failed.
        public var repaired: Int
        /// The process that tests.
        public var process: Int32

        /// Squares a second, or steps; `nil` before there are some.
        public var rate: Double? {
            let seconds = time / .seconds(1)
            return done > resumed && seconds > 0 ? Double(done - resumed) / seconds : nil
        }

        /// How long the rest of this step will take; `nil` before that can be said.
        public var remaining: Duration? {
            rate.map { .seconds((Double(max(0, total - done)) / $0).rounded(.up)) }
        }
    }

    package let pointer: OpaquePointer
    /// The folder for checkpoints.
    public let folder: String?

    /// Makes one.
    ///
    /// - Parameters:
    ///   - folder: Where checkpoints are kept; it is made when the first one is written. `nil`: none are.
    ///   - interval: How much time lies between two checkpoints of a test, from 0.001 seconds to 49 days. A test
    ///     that is cancelled writes one more.
    ///   - threads: Threads inside the arithmetic of a number that is large enough for them, from 1.
    /// - Throws: ``PrimalityError/outOfMemory``; ``PrimalityError/unusableFolder(_:)`` for a path that is
    ///   empty or too long.
    public init(
        checkpoints folder: String? = nil, every interval: Duration = .seconds(60),
        threads: Int = 1
    ) throws(PrimalityError) {
        var options = unsafe KernelLongOptions()
        let milliseconds = (interval / .milliseconds(1)).rounded(.up)
        unsafe options.checkpoint_ms = UInt32(max(1, min(milliseconds, Double(UInt32.max - 1))))
        unsafe options.threads = UInt32(clamping: threads)
        var made: OpaquePointer?
        let status =
            if let folder {
                unsafe folder.withCString { path in
                    unsafe options.folder = unsafe path
                    return unsafe prk_long_create(&options, &made)
                }
            } else {
                unsafe prk_long_create(&options, &made)
            }
        guard status == .ok, let pointer = unsafe made else {
            throw status == .invalidArgument ? .unusableFolder(folder ?? "") : .outOfMemory
        }
        unsafe self.pointer = unsafe pointer
        self.folder = folder
    }

    deinit { unsafe prk_long_destroy(pointer) }

    /// Where the tests are that run now, in no order.
    public var progress: [Progress] {
        (0..<Int(PRK_LONG_SLOTS)).compactMap { slot in
            var state = KernelLongProgress()
            return unsafe prk_long_look(pointer, slot, &state) ? Progress(state) : nil
        }
    }

    /// Where the tests are, again and again, until the task that asks is cancelled.
    ///
    /// - Parameter interval: How much time lies between.
    /// - Returns: A sequence without an end of its own.
    public func updates(every interval: Duration = .seconds(1)) -> AsyncStream<[Progress]> {
        AsyncStream { continuation in
            let task = Task {
                while !Task.isCancelled {
                    continuation.yield(self.progress)
                    try? await Task.sleep(for: interval)
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// What was said since this was asked last: why a checkpoint is not used, or not written.
    ///
    /// One thread at a time asks.
    public func notices() -> [String] {
        var all: [String] = []
        var text = [CChar](repeating: 0, count: Int(PRK_LONG_NOTICE))
        while unsafe prk_long_read_notice(pointer, &text) {
            all.append(
                String(
                    decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return all
    }

    /// Removes the checkpoints of a number, whose result is where it belongs.
    public func forget(_ number: BigNatural) {
        _ = unsafe prk_long_forget(pointer, number.limbs, number.limbs.count)
    }

    /// Whether both are the same object.
    public static func == (one: LongTests, other: LongTests) -> Bool { one === other }

    /// By identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension LongTests.Progress {
    fileprivate init(_ state: KernelLongProgress) {
        bits = Int(clamping: state.bits)
        low = state.low
        step = Int(state.chain)
        isLucas = state.is_lucas != 0
        base = state.first == 0 ? nil : state.first
        total = Int(clamping: state.total)
        done = min(total, Int(clamping: state.done))
        resumed = min(done, Int(clamping: state.resumed))
        time = .nanoseconds(Int64(clamping: state.told_ns &- min(state.told_ns, state.begun_ns)))
        alarms = Int(state.alarms)
        checks = Int(state.checks)
        repaired = Int(state.repaired)
        process = state.process
    }
}

/// The test of one large number: its progress as a sequence, and its report.
///
/// ```swift
/// let test = try LongTest(of: number, checkpoints: "checkpoints")
/// Task { for await state in test.progress { print(state.done, state.total) } }
/// let report = try test.run()  // blocks this thread
/// print(report.verdict)
/// test.forget()
/// ```
public struct LongTest: Sendable {
    /// The number.
    public let number: BigNatural
    /// The form that it is written in, where one is known.
    public let form: CandidateForm?
    /// How it is tested.
    public let options: TestOptions
    /// Which engine tests.
    public let engine: Engine
    /// What keeps it.
    public let tests: LongTests

    /// Makes a test, which does not begin.
    ///
    /// - Parameters:
    ///   - number: The number.
    ///   - form: The form that it is written in: k·bⁿ ± 1 is tested faster.
    ///   - engine: Which engine tests.
    ///   - options: How. With the same seed a test goes on in its random bases, too.
    ///   - checkpoints: A folder for checkpoints, from which the same test goes on; `nil`: none are kept.
    ///   - interval: How much time lies between two of them.
    ///   - threads: Threads inside its arithmetic.
    /// - Throws: As ``LongTests/init(checkpoints:every:threads:)``.
    public init(
        of number: BigNatural, form: CandidateForm? = nil, engine: Engine = .auto,
        options: TestOptions = TestOptions(), checkpoints: String? = nil,
        every interval: Duration = .seconds(60), threads: Int = 1
    ) throws(PrimalityError) {
        self.number = number
        self.form = form
        self.engine = engine
        tests = try LongTests(checkpoints: checkpoints, every: interval, threads: threads)
        var options = options
        options.longTests = tests
        self.options = options
    }

    /// Where it is, once a second, while somebody asks; nothing before it has begun, and when it is over.
    public var progress: AsyncStream<LongTests.Progress> { progress(every: .seconds(1)) }

    /// Where it is.
    ///
    /// - Parameter interval: How much time lies between two values.
    /// - Returns: A sequence without an end of its own.
    public func progress(every interval: Duration) -> AsyncStream<LongTests.Progress> {
        let tests = tests
        return AsyncStream { continuation in
            let task = Task {
                for await all in tests.updates(every: interval) {
                    if let state = all.first { continuation.yield(state) }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Runs it, or goes on with it, and blocks the calling thread.
    ///
    /// Its checkpoints stay until ``forget()``: nothing is lost before the report is where it belongs.
    ///
    /// - Parameter cancel: Ends it; what was done is kept.
    /// - Returns: The verdict and its evidence.
    /// - Throws: ``PrimalityError``.
    public func run(cancel: CancelFlag = CancelFlag()) throws(PrimalityError) -> TestReport {
        var tester = try Tester(
            engine: engine, options: options, cancel: cancel, wantsReports: true)
        var batch = NumberBatch()
        try batch.append(number, form: form)
        guard let report = try tester.test(batch).report(at: 0, of: batch) else { throw .cancelled }
        return report
    }

    /// Removes its checkpoints.
    public func forget() { tests.forget(number) }
}
