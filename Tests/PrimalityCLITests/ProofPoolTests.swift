// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `primality prove --pool processes`.
@Suite(.serialized, .timeLimit(.minutes(15))) struct ProofPoolTests {
    /// Primes and composites of 40 to 640 bits, written so that some show their form.
    private static let numbers =
        (0..<300).map { i in
            switch i % 5 {
            case 0: "nextprime(10^12+\(1000 * i))"
            case 1: "nextprime(2^200+\(1000 * i))"
            case 2: "10^60+\(i)"
            case 3: "nextprime(10^99+\(1000 * i))"
            default:
                i % 25 == 4 ? "nextprime(2^639+\(1000 * i))" : "\(2 * i + 1)*2^\(100 + i)+1"
            }
        }

    private struct Place {
        let folder: String
        var input: String { folder + "in.txt" }
        func out(_ name: String) -> String { folder + name + ".jsonl" }
        func certificates(_ name: String) -> String? { TestFiles.text(out(name)) }
    }

    private static func inFolder<Value>(_ body: (Place) throws -> Value) throws -> Value {
        try inNewFolder { folder in
            let place = Place(folder: folder)
            try (numbers.joined(separator: "\n") + "\n").write(
                toFile: place.input, atomically: true, encoding: .utf8)
            return try body(place)
        }
    }

    private static func arguments(_ place: Place, _ name: String, _ more: String...) -> [String] {
        ["prove", "--file", place.input, "--format", "jsonl", "--out", place.out(name)] + more
    }

    /// What results say beside the name of the file.
    private static func results(_ output: String, _ place: Place, _ name: String) -> String {
        output.replacingOccurrences(of: place.out(name), with: "FILE")
    }

    /// The certificates of a file, whatever their order.
    private func parts(_ text: String?) -> [String] {
        (text ?? "").components(separatedBy: #"{"certificate""#).sorted()
    }

    /// What threads make of it: results and certificates.
    private static let byThreads = Result { () throws -> (results: String, certificates: String) in
        try inFolder { place in
            let run = try Tool.run(arguments(place, "threads", "-j1"))
            #expect(run.status == 1 && run.error.isEmpty, "\(run.error)")
            let certificates = try #require(place.certificates("threads"))
            return (results(run.output, place, "threads"), certificates)
        }
    }

    @Test(arguments: [1_000...20_000, 20_000...200_000, 200_000...1_000_000])
    func killedWorkersCostTheirPieceAlone(_ microseconds: ClosedRange<UInt32>) throws {
        try Self.inFolder { place in
            let expected = try Self.byThreads.get()
            var wait = UInt32.random(in: microseconds)
            var killed: [Int32] = []
            // A fast machine may be done by then: the next turn comes sooner.
            for turn in 1...8 where killed.isEmpty {
                let name = "killed\(turn)"
                let running = try Tool.start(
                    Self.arguments(place, name, "-j2", "--pool", "processes"))
                usleep(wait)
                wait /= 2
                // Each holds a piece of its own. A second death would blame a number that is alone in its piece, as
                // all are at levels without lanes.
                #expect(eventually { !running.children.isEmpty || !running.process.isRunning })
                killed = running.children.filter { kill($0, SIGKILL) == 0 }
                let run = running.finish()
                #expect(run.status == 1)
                #expect(Self.results(run.output, place, name) == expected.results)
                #expect(place.certificates(name) == expected.certificates)
                for line in run.error.split(separator: "\n") {
                    #expect(line.contains("was ended by SIGKILL and replaced"), "\(line)")
                }
            }
            #expect(!killed.isEmpty)
        }
    }

    @Test func whatOptionsSayReachesTheWorkers() throws {
        try Self.inFolder { place in
            let factors = place.folder + "factors"
            try "3\n5\n".write(toFile: factors, atomically: true, encoding: .utf8)
            for options in [
                ["--factors", factors, "--seed", "5"], ["--certificate", "mpu"], ["--cost", "10"],
                ["--timeout", "60"], ["-j1"],
            ] {
                let command =
                    ["prove", "10^100+267", "0", "3*2^2816+1", "10^40+121", "91"]
                    + (options.contains("--certificate")
                        ? options : ["--certificate", "json"] + options)
                let threads = try Tool.run(command)
                let processes = try Tool.run(command + ["--pool", "processes"])
                #expect(processes.status == threads.status)
                #expect(processes.output == threads.output, "\(options)")
                #expect(processes.error == threads.error, "\(options)")
            }
            #expect(try Tool.run(["prove", "--pool", "tasks", "7"]).status == 64)
        }
    }

    @Test func aNumberThatEndsTwoWorkersHasFailed() throws {
        let running = try Tool.start([
            "prove", "--pool", "processes", "-j1", "--timeout", "600", "7", "10^1999+7321", "13",
        ])
        #expect(eventually { running.output == "7: prime, by a test\n" })
        // One that has not begun with it costs it nothing.
        while running.process.isRunning && !running.output.contains("failed") {
            usleep(200_000)
            for child in running.children { kill(child, SIGKILL) }
        }
        let run = running.finish()
        #expect(run.status == 3)
        #expect(
            run.output == "7: prime, by a test\n10^1999+7321: failed\n13: prime, by a test\n")
        #expect(run.error.contains("10^1999+7321: not tested: its worker was ended by SIGKILL"))
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
    func itsEndIsTheirEnd(_ signal: Int32) throws {
        try Self.inFolder { place in
            let expected = try Self.byThreads.get()
            let running = try Tool.start(
                Self.arguments(place, "ended", "-j2", "--pool", "processes"))
            #expect(eventually { running.outputSize > 0 })
            kill(running.id, signal)
            let ended = running.finish()
            #expect(ended.wasSignalled == (signal == SIGKILL))
            #expect(running.remains.isEmpty)
            let run = try Tool.run(
                Self.arguments(place, "ended", "-j2", "--pool", "processes", "--resume"))
            #expect(run.status == 1)
            // What was there has no method.
            let method = #","method":"[a-z0-9-]*""#
            func plain(_ text: String) -> String {
                text.replacingOccurrences(of: method, with: "", options: .regularExpression)
            }
            #expect(plain(Self.results(run.output, place, "ended")) == plain(expected.results))
            // A signal may end a number and leave a later one its proof.
            #expect(parts(place.certificates("ended")) == parts(expected.certificates))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: place.folder).sorted()
                    == ["ended.jsonl", "in.txt"])
        }
    }
}
