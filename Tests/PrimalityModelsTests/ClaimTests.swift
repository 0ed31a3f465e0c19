// SPDX-License-Identifier: Apache-2.0

import PrimalityModels
import PrimalityPool
import Testing

private typealias Figure = ConcurrencyModel.Figure

/// A model with figures that bear all of its claims out, and what decides each claim.
private struct Judged: CustomTestStringConvertible, Sendable {
    /// A figure that decides a claim: a value at the bound with which it holds, and one beyond.
    struct Bound {
        var claim: Int
        var figure: String
        var holds: Double
        var fails: Double

        init(_ claim: Int, _ figure: String, holds: Double, fails: Double) {
            self.claim = claim
            self.figure = figure
            self.holds = holds
            self.fails = fails
        }
    }

    var model: ConcurrencyModel
    var figures: [Figure]
    var bounds: [Bound]

    var testDescription: String { model.name }

    func claims(_ name: String, _ value: Double) throws -> [ConcurrencyModel.Claim] {
        var figures = figures
        let i = try #require(figures.firstIndex { $0.name == name }, "\(name)")
        figures[i].value = value
        return model.claims(on: figures)
    }

    /// Times and speed-ups of an engine's entrants.
    static func race(_ engine: String, _ speedups: [(String, Double)]) -> [Figure] {
        [Figure("\(engine) serial", 200, "ms")]
            + speedups.flatMap { name, speedup in
                [
                    Figure("\(engine) \(name)", 200 / speedup, "ms"),
                    Figure("\(engine) \(name), speed-up", speedup, "x"),
                ]
            }
    }

    /// What a spinner did.
    static func spinner(
        _ name: String, _ drawn: Double, due: Double = 6, gap: Double = 100, time: Double = 0.6
    ) -> [Figure] {
        [
            Figure("\(name): frames drawn", drawn), Figure("\(name): frames due", due),
            Figure("\(name): longest gap", gap, "ms"), Figure("\(name): time", time, "s"),
        ]
    }

    static let all: [Judged] = [
        Judged(
            model: .spinner,
            figures: ["thread", "process", "task"].flatMap { model in
                spinner("\(model), sleeping", 6)
                    + spinner("\(model), computing", model == "task" ? 1 : 6)
            },
            bounds: ["thread", "process", "task"].map {
                Bound(0, "\($0), sleeping: frames drawn", holds: 3, fails: 2)
            }
                + ["thread", "process"].map {
                    Bound(1, "\($0), computing: frames drawn", holds: 3, fails: 2)
                } + [
                    Bound(2, "task, computing: frames drawn", holds: 1, fails: 2),
                    Bound(2, "task, computing: frames due", holds: 3, fails: 2),
                ]),
        Judged(
            model: .blockedLoop,
            figures: spinner("awaited sleep", 6) + spinner("blocking sleep", 1)
                + spinner("test", 0),
            bounds: [
                Bound(0, "awaited sleep: frames drawn", holds: 3, fails: 2),
                Bound(1, "blocking sleep: frames drawn", holds: 1, fails: 2),
                Bound(2, "test: frames drawn", holds: 1, fails: 2),
            ]),
        Judged(
            model: .napping,
            figures: spinner("nap every 5000 divisions", 6, time: 0.9)
                + spinner("nap every 50000 divisions", 6, time: 0.7)
                + spinner("nap every 1000000 divisions", 6, time: 0.6)
                + spinner("own thread", 6, time: 0.5),
            bounds: [
                Bound(0, "nap every 5000 divisions: frames drawn", holds: 3, fails: 2),
                Bound(0, "nap every 1000000 divisions: frames drawn", holds: 3, fails: 2),
                Bound(1, "own thread: time", holds: 0.69, fails: 0.7),
                Bound(2, "nap every 5000 divisions: time", holds: 0.61, fails: 0.6),
            ]),
        Judged(
            model: .runInExecutor,
            figures: spinner("on the loop", 1, time: 0.8) + spinner("own thread", 6, time: 0.8)
                + spinner("own process", 6, time: 0.8),
            bounds: [
                Bound(0, "on the loop: frames drawn", holds: 1, fails: 2),
                Bound(1, "own thread: frames drawn", holds: 3, fails: 2),
                Bound(2, "own process: frames drawn", holds: 3, fails: 2),
                Bound(3, "own process: time", holds: 0.99, fails: 1),
                Bound(3, "own thread: time", holds: 0.99, fails: 1),
            ]),
        Judged(
            model: .cooperativePool,
            figures: spinner("1 blocking job", 6) + spinner("2 blocking jobs", 1, gap: 600)
                + spinner("3 blocking jobs", 1, gap: 600) + [
                    Figure("cores", 2), Figure("milliseconds that a job takes, about", 600),
                ],
            bounds: [
                Bound(0, "1 blocking job: frames drawn", holds: 3, fails: 2),
                Bound(1, "2 blocking jobs: longest gap", holds: 300, fails: 299),
                Bound(1, "3 blocking jobs: longest gap", holds: 300, fails: 299),
            ]),
        Judged(
            model: .homeGrownPool,
            figures: [Figure("workers", 2), Figure("numbers", 21), Figure("one thread", 9, "ms")]
                + ["2 threads", "2 processes"].flatMap {
                    [
                        Figure($0, 5, "ms"), Figure("results, \($0)", 21),
                        Figure("numbers with a result, \($0)", 21),
                        Figure("results out of order, \($0)", 3),
                    ]
                },
            bounds: [("2 threads", 0), ("2 processes", 2)].flatMap { name, claim in
                [
                    Bound(claim, "results out of order, \(name)", holds: 1, fails: 0),
                    // One too few, one twice, and one twice for another one.
                    Bound(claim + 1, "results, \(name)", holds: 21, fails: 20),
                    Bound(claim + 1, "results, \(name)", holds: 21, fails: 22),
                    Bound(claim + 1, "numbers with a result, \(name)", holds: 21, fails: 20),
                ]
            }),
        Judged(
            model: .processes,
            figures: race(
                "trial",
                [("processes+pipe", 1.5), ("processes+socket", 1.5), ("processes+shm", 1.5)]),
            bounds: [
                Bound(0, "trial processes+pipe, speed-up", holds: 1.2, fails: 1.19),
                Bound(0, "trial processes+shm, speed-up", holds: 1.2, fails: 1.19),
                Bound(1, "trial processes+socket, speed-up", holds: 1.79, fails: 1.8),
                Bound(1, "trial processes+shm, speed-up", holds: 1.26, fails: 1.25),
            ]),
        Judged(
            model: .interpreterLock,
            figures: race("swift-trial", [("threads+gil", 0.9)]) + [
                Figure("hand-overs", 50), Figure("forced switches", 40),
                Figure("threads waited, all together", 300, "ms"),
                Figure("lag of a tick, interval 5 ms", 5.2, "ms"),
                Figure("lag of a tick, interval 20 ms", 21, "ms"),
            ],
            bounds: [
                Bound(0, "swift-trial threads+gil, speed-up", holds: 1.19, fails: 1.2),
                Bound(1, "forced switches", holds: 1, fails: 0),
                Bound(2, "lag of a tick, interval 5 ms", holds: 4.1, fails: 3.9),
                Bound(2, "lag of a tick, interval 5 ms", holds: 12.4, fails: 12.6),
                Bound(2, "lag of a tick, interval 20 ms", holds: 16.1, fails: 15.9),
                Bound(2, "lag of a tick, interval 20 ms", holds: 49.9, fails: 50.1),
            ]),
        Judged(
            model: .releasedLock,
            figures: race("trial", [("threads+gil", 0.9), ("threads+gil-released", 1.8)]),
            bounds: [
                Bound(0, "trial threads+gil, speed-up", holds: 1.19, fails: 1.2),
                Bound(1, "trial threads+gil-released, speed-up", holds: 1.2, fails: 1.19),
            ]),
        Judged(
            model: .actors,
            figures: race("trial", [("one-actor", 1), ("actors", 1.8)]),
            bounds: [
                Bound(0, "trial one-actor, speed-up", holds: 1.19, fails: 1.2),
                Bound(1, "trial actors, speed-up", holds: 1.2, fails: 1.19),
            ]),
        Judged(
            model: .compiledCode,
            figures: race("trial", [("threads", 1.8)])
                + race("u64", [("threads", 0.3), ("processes+shm", 0.02)]) + [
                    Figure("trial serial, the book once", 40, "ms"),
                    Figure("u64 serial, times as fast as trial", 900, "x"), Figure("workers", 2),
                ],
            bounds: [
                Bound(0, "trial threads, speed-up", holds: 1.2, fails: 1.19),
                Bound(1, "u64 threads, speed-up", holds: 0.99, fails: 1),
                Bound(1, "u64 processes+shm, speed-up", holds: 0.99, fails: 1),
                Bound(2, "u64 serial, times as fast as trial", holds: 2.1, fails: 2),
            ]),
        Judged(
            model: .contention,
            figures: [
                Figure("workers", 2), Figure("counter, mutex, threads: 1", 50e6, "1/s"),
                Figure("counter, mutex, threads: 2", 20e6, "1/s"),
                Figure("counter, atomic, threads: 2", 80e6, "1/s"),
                Figure("counter, sharded, threads: 2", 900e6, "1/s"),
                Figure("counter, messages, threads: 2", 0.2e6, "1/s"),
            ],
            bounds: [
                Bound(0, "counter, mutex, threads: 1", holds: 21e6, fails: 20e6),
                Bound(1, "counter, atomic, threads: 2", holds: 21e6, fails: 20e6),
                Bound(2, "counter, sharded, threads: 2", holds: 81e6, fails: 80e6),
                Bound(3, "counter, messages, threads: 2", holds: 19e6, fails: 20e6),
            ]),
    ]
}

@Suite struct ClaimTests {
    @Test(arguments: Judged.all) private func aClaimFollowsFromFigures(_ judged: Judged) throws {
        let claims = judged.model.claims(on: judged.figures)
        #expect(claims.allSatisfy { $0.holds == true && $0.statement.hasSuffix(".") })
        #expect(claims.allSatisfy { $0.evidence.contains { $0.isNumber } })
        #expect(!claims.contains { $0.evidence.contains("nan") || $0.evidence.contains("no time") })
        for bound in judged.bounds {
            let held = try judged.claims(bound.figure, bound.holds)
            #expect(held[bound.claim].holds == true, "\(bound)")
            let failed = try judged.claims(bound.figure, bound.fails)
            #expect(failed[bound.claim].holds == false, "\(bound)")
            #expect(failed.map(\.statement) == claims.map(\.statement))
        }
        // Each claim has a bound, and none holds of nothing.
        #expect(Set(judged.bounds.map(\.claim)) == Set(claims.indices))
        #expect(judged.model.claims(on: []).allSatisfy { $0.holds == false })
    }

    @Test func allModelsAreJudged() {
        #expect(Judged.all.map(\.model.name) == ConcurrencyModel.all.map(\.name))
    }

    @Test func whatABusyMachineContradictsIsMeasuredAgainAndNotDecided() {
        func outcome(_ holds: Bool...) -> ConcurrencyModel.Outcome {
            ConcurrencyModel.Outcome(
                figures: [], claims: holds.map { ConcurrencyModel.Claim("It is.", $0, "1") })
        }
        /// What is settled on after these attempts, and how many it took.
        func settled(
            _ attempts: [(ConcurrencyModel.Outcome, Bool)]
        ) -> (holds: [Bool?], taken: Int) {
            var taken = 0
            let found = ConcurrencyModel.settled {
                taken += 1
                return attempts[taken - 1]
            }
            return (found.claims.map(\.holds), taken)
        }
        let quiet = settled([(outcome(true, false), false)])
        #expect(quiet.holds == [true, false] && quiet.taken == 1)
        let good = settled([(outcome(true, true), true)])
        #expect(good.holds == [true, true] && good.taken == 1)
        let busyOnce = settled([(outcome(false), true), (outcome(false), false)])
        #expect(busyOnce.holds == [false] && busyOnce.taken == 2)
        let luck = settled([(outcome(false), true), (outcome(true), true)])
        #expect(luck.holds == [true] && luck.taken == 2)
        let busy = settled([
            (outcome(true, false), true), (outcome(false, false), true),
            (outcome(true, false), true),
        ])
        #expect(busy.holds == [true, nil] && busy.taken == 3)
    }
}
