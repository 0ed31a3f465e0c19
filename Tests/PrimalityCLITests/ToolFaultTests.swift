// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Faults that meet the tool from outside: signals to it and to its workers.
///
/// Every pool has to stand the same. How long things take is printed and not judged.
@Suite(.timeLimit(.minutes(15)), .serialized) struct ToolFaultTests {
    /// How often each channel meets a fault.
    static let times = TestFiles.faults

    /// 10¹⁹⁹⁹⁹ + 49 has no factor below 10⁷: testing it takes many seconds.
    static let digits20000 = "1" + String(repeating: "0", count: 19_997) + "49"

    /// At its exit LeakSanitizer has a child too, and waits for ever when that is killed.
    static let withoutLeaks = ["ASAN_OPTIONS": "detect_leaks=0"]

    /// Numbers below and above 2⁶⁴, with as many digits in each pair of lines.
    static func numbers(_ pairs: Int) -> [String] {
        let small: UInt64 = 18_446_744_073_709_551_557
        let large: UInt128 = 170_141_183_460_469_231_731_687_303_715_884_105_727
        var numbers: [String] = []
        for i in 0..<UInt64(pairs) {
            numbers.append(String(small - 2 * i))
            numbers.append(String(large - 2 * UInt128(i)))
        }
        return numbers
    }

    static func lines(_ numbers: [String]) -> Data {
        Data(numbers.joined(separator: "\n").utf8)
    }

    /// What the serial pool finds.
    static func expected(_ input: Data) throws -> String {
        let outcome = try Tool.run(["check", "--pool", "serial", "--rounds", "0"], input: input)
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        return outcome.output
    }

    /// Arguments of env(1), which runs the tool in its own place: whoever runs the tests may ignore
    /// SIGHUP, as nohup does, and the tool would inherit that.
    private static func startable(_ arguments: [String]) -> [String] {
        ["--default-signal=HUP", Tool.path] + arguments
    }

    /// A run that waits for more input, and has answered the number that it got.
    private static func idle(
        _ choice: PoolChoice, _ workers: Int = 2
    ) throws -> (Tool.Running, Pipe) {
        let input = Pipe()
        let running = try Tool.start(
            startable(choice.check(workers)), of: "/usr/bin/env", environment: withoutLeaks,
            from: input)
        try input.fileHandleForWriting.write(contentsOf: Data("7\n".utf8))
        #expect(eventually { running.output == "7: prime\n" })
        if choice.isProcesses { #expect(eventually { running.children.count == workers }) }
        return (running, input)
    }

    /// A run whose workers all have a number that takes minutes.
    private static func busy(_ choice: PoolChoice) throws -> Tool.Running {
        let long = [String](repeating: ProcessTests.longNumber, count: 4)
        let running = try Tool.start(
            startable(choice.check + ["--chunk", "1"]), of: "/usr/bin/env",
            input: lines(["7"] + long), environment: withoutLeaks)
        #expect(eventually { running.output == "7: prime\n" })
        if choice.isProcesses { #expect(eventually { running.children.count == 2 }) }
        usleep(50_000)
        return running
    }

    @Test(arguments: PoolChoice.all, [SIGKILL, SIGHUP, SIGINT, SIGTERM])
    func nothingOutlivesTheOwner(_ choice: PoolChoice, _ signal: Int32) throws {
        let name = [SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGTERM: "SIGTERM"][signal] ?? ""
        for isBusy in [true, false] {
            var input: Pipe?
            let running: Tool.Running
            if isBusy {
                running = try Self.busy(choice)
            } else {
                (running, input) = try Self.idle(choice)
            }
            kill(running.id, signal)
            #expect(running.endsSoon)
            let outcome = running.finish()
            #expect(running.remains.isEmpty)
            #expect(outcome.output == "7: prime\n")
            let isOurs = signal != SIGKILL
            #expect(outcome.wasSignalled == !isOurs)
            #expect(outcome.status == (isOurs ? 128 + signal : signal))
            if isOurs && !isBusy {
                #expect(
                    outcome.error == """
                        primality: ended by \(name): \
                        1 number was tested, 0 that were read were not

                        """)
            }
            try input?.fileHandleForWriting.close()
        }
    }

    /// As a terminal sends it: to all processes of the group.
    @Test(arguments: PoolChoice.all)
    func ctrlCEndsATestOfTwentyThousandDigits(_ choice: PoolChoice) throws {
        let running = try Tool.start(
            choice.check + ["--chunk", "1"],
            input: Self.lines(["7", "9", Self.digits20000, "11", Self.digits20000]),
            environment: Self.withoutLeaks)
        #expect(eventually { running.output == "7: prime\n9: composite\n" })
        usleep(300_000)
        #expect(getpgid(running.id) == running.id)
        kill(-running.id, SIGINT)
        #expect(running.endsSoon)
        let outcome = running.finish()
        #expect(running.remains.isEmpty)
        #expect(!outcome.wasSignalled && outcome.status == 130)
        // 11 may have been tested by the second worker; then it was printed, though out of turn.
        let tested = outcome.lines.count
        #expect(outcome.lines.starts(with: ["7: prime", "9: composite"]))
        #expect(Set(outcome.lines).count == tested && tested <= 3)
        let last = outcome.error.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("primality: ended by SIGINT: \(tested) numbers were tested, "))
        let words = last.split(separator: " ")
        // All were read, but by the serial pool, which reads when it has tested.
        let untested = words.count > 8 ? Int(words[8]) : nil
        #expect(untested == (choice.pool == "serial" ? 1 : 5 - tested))
    }

    /// Where the first Ctrl-C has no effect yet: the reader of the results does not read.
    @Test(arguments: PoolChoice.all, [SIGINT, SIGTERM])
    func aSecondCtrlCEndsAtOnce(_ choice: PoolChoice, _ signal: Int32) throws {
        let output = Pipe()
        let running = try Tool.start(
            choice.check + ["--chunk", "100"], input: Self.lines((1...60_000).map(String.init)),
            environment: Self.withoutLeaks, to: output)
        #expect(Self.stalls(running, output))
        kill(-running.id, SIGINT)
        usleep(100_000)
        #expect(running.process.isRunning)
        kill(-running.id, signal)
        #expect(running.endsSoon)
        let outcome = running.finish()
        #expect(!outcome.wasSignalled && outcome.status == 128 + signal)
        #expect(running.remains.isEmpty)
        try output.fileHandleForReading.close()
    }

    /// Whether it stops reading and writing, which it does when the pipe to its reader is full.
    private static func stalls(_ running: Tool.Running, _ output: Pipe) -> Bool {
        func state() -> [Int] {
            var unread: Int32 = 0
            _ = ioctl(output.fileHandleForReading.fileDescriptor, UInt(FIONREAD), &unread)
            return [running.inputPosition, Int(unread)]
        }
        var last: [Int] = []
        var looks = 0
        return eventually {
            usleep(60_000)
            let now = state()
            // A page of a pipe need not be full.
            looks = now == last && now[1] > 32_768 ? looks + 1 : 0
            last = now
            return looks >= 3
        }
    }

    @Test(arguments: PoolChoice.all)
    func aReaderThatPausesHoldsTheRunUp(_ choice: PoolChoice) throws {
        let input = Self.lines((1...60_000).map(String.init))
        let output = Pipe()
        let running = try Tool.start(
            choice.check + ["--chunk", "100"], input: input, environment: Self.withoutLeaks,
            to: output)
        #expect(Self.stalls(running, output))
        // A pipe holds 64 KiB, as the reader of lines does, and there are some chunks on their way.
        #expect(running.inputPosition < 4 << 16)
        let peak = running.number(after: "VmHWM:", in: "status") ?? 0
        if TestFiles.sanitizer == nil { #expect((1..<65_536).contains(peak)) }
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        let outcome = running.finish()
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        #expect(String(decoding: data, as: UTF8.self) == (try Self.expected(input)))
        #expect(running.remains.isEmpty)
    }

    /// What is done to a random worker of a run.
    enum Harm: String, CaseIterable {
        case killed, crashed, stopped

        func happen(to worker: Int32) {
            switch self {
            case .killed: kill(worker, SIGKILL)
            case .crashed:
                // Until then it has the handler of Swift's runtime, which prints pages.
                if eventually({ !handles(worker, SIGSEGV) }) { kill(worker, SIGSEGV) }
            case .stopped:
                kill(worker, SIGSTOP)
                usleep(UInt32.random(in: 0...20_000))
                kill(worker, SIGCONT)
            }
        }
    }

    @Test(arguments: PoolChoice.processes, Harm.allCases)
    func harmedWorkersCostNothing(_ choice: PoolChoice, _ harm: Harm) throws {
        let input = Self.lines(Self.numbers(8_000))
        let expected = try Self.expected(input)
        var harmed = 0
        var runs = 0
        while harmed < Self.times && runs < 1000 {
            runs += 1
            let workers = Int.random(in: 1...4)
            let chunk = [1, 7, 100].randomElement() ?? 1
            let running = try Tool.start(
                choice.check(workers) + ["--chunk", "\(chunk)", "--rounds", "0"], input: input,
                environment: Self.withoutLeaks)
            while running.process.isRunning {
                guard let worker = running.children.randomElement() else { continue }
                harm.happen(to: worker)
                harmed += 1
                // A chunk that meets two deaths is given up, and rightly so. Let all that was read
                // be printed first: output has fewer than two bytes for each of input.
                let enough = 2 * running.inputPosition
                while harm != .stopped && running.process.isRunning && running.outputSize < enough {
                    usleep(500)
                }
                usleep(UInt32.random(in: 0...5000))
            }
            let outcome = running.finish()
            // Deaths are told, and nothing else is.
            #expect(outcome.status == 0)
            #expect(
                outcome.error.split(separator: "\n").allSatisfy { $0.contains(" and replaced; ") },
                "\(outcome.error)")
            #expect(outcome.output == expected, "\(workers) workers, chunks of \(chunk)")
            #expect(running.remains.isEmpty)
        }
        #expect(harmed >= Self.times)
    }

    @Test(arguments: PoolChoice.processes, [SIGKILL, SIGSEGV, SIGUSR1])
    func anIdleWorkerThatDiesIsReplacedAndReaped(_ choice: PoolChoice, _ signal: Int32) throws {
        let (running, input) = try Self.idle(choice, 3)
        let dead = running.children
        // Young ones have the handlers of Swift's runtime still, which print pages.
        #expect(eventually { dead.allSatisfy { !handles($0, SIGSEGV) } })
        for worker in dead { kill(worker, signal) }
        #expect(
            eventually {
                let children = running.children
                return children.count == 3 && Set(children).isDisjoint(with: dead)
            })
        #expect(running.zombies.isEmpty)
        for n in [11, 12, 13] {
            try input.fileHandleForWriting.write(contentsOf: Data("\(n)\n".utf8))
        }
        try input.fileHandleForWriting.close()
        let outcome = running.finish()
        #expect(outcome.status == 0)
        #expect(outcome.error.split(separator: "\n").count { $0.contains(" and replaced; ") } == 3)
        #expect(outcome.output == "7: prime\n11: prime\n12: composite\n13: prime\n")
        #expect(running.remains.isEmpty)
    }
}
