// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import Primality
internal import PrimalityPool
internal import PrimalityQueue
internal import PrimalityRuns

struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Spreads tests over machines, by a queue in PostgreSQL or in a file.",
        discussion: """
            A queue holds batches: the candidates of a file with the options of their tests. Workers on any machine claim \
            chunks of them, test, and store results; each candidate has one result, whatever is killed or cut off. \
            collect then prints what primality check would have printed on the same file with the same seed.

            A worker's claim is a lease, which it renews. When a worker is gone its leases end, and others test those \
            chunks again. A chunk whose lease ended three times has failed: retry opens it again.

            The queue is --queue, or the variable PRIMALITY_QUEUE:
              sqlite:FILE                    a file on a local disk, for the processes of one machine
              postgres://user@host/database  a server, for any number of machines; libpq reads the address, with \
            PGPASSFILE, PGSERVICE and sslmode. For other hosts than this one sslmode is verify-full unless the address says \
            otherwise. Passwords belong into ~/.pgpass.

            Exit status beside those of check: 69 this program was built without that kind of queue, 75 the server cannot \
            be reached.

            Examples:
              export PRIMALITY_QUEUE=sqlite:queue.db
              primality queue init
              primality queue submit candidates.txt --name run1 --seed 1
              primality queue work -j 8                    # in as many processes and on as many hosts as you like
              primality queue status --watch
              primality queue collect --batch run1 > results.txt
              primality queue init --queue postgres://boss@db/primes --grant-work worker --grant-submit me
            """,
        subcommands: [
            QueueInit.self, QueueSubmit.self, QueueWork.self, QueueStatus.self, QueueCollect.self,
            QueuePause.self, QueueResume.self, QueueCancel.self, QueueRetry.self,
            QueuePrioritise.self, QueueDrop.self, QueueVerify.self,
        ])
}

/// Where the queue is.
struct QueueOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "sqlite:FILE or postgres://user@host/database; by default what PRIMALITY_QUEUE says.",
            valueName: "address"))
    var queue: String?

    func address() throws -> QueueAddress {
        let environment = ProcessInfo.processInfo.environment
        guard let text = queue ?? environment["PRIMALITY_QUEUE"], !text.isEmpty else {
            throw Refusal.usage(
                "which queue? give --queue sqlite:FILE or --queue postgres://user@host/database, or set PRIMALITY_QUEUE"
            )
        }
        do throws(QueueError) {
            return try QueueAddress(text, isArgument: queue != nil, environment: environment)
        } catch {
            throw Refusal.usage(error.message)
        }
    }

    /// Opens the queue; what is wrong was reported when this throws.
    func open(creates: Bool = false, cancel: CancelFlag = CancelFlag()) throws -> any QueueStore {
        let address = try address()
        return try reported { () throws(QueueError) -> any QueueStore in
            try address.open(creates: creates, cancel: cancel)
        }
    }
}

/// What a queue gives; what is wrong is reported, and its status thrown.
func reported<Value>(_ body: () throws(QueueError) -> Value) throws -> Value {
    do throws(QueueError) { return try body() } catch {
        StandardStreams.complain(error.message)
        throw error.status.map { ExitCode($0.rawValue) } ?? Refusal.unavailable
    }
}

/// Which batch.
struct BatchOption: ParsableArguments {
    @Option(help: ArgumentHelp("The batch, by its name or number.", valueName: "batch"))
    var batch: String

    func find(in store: any QueueStore) throws -> BatchStatus {
        try found(batch, among: try reported { () throws(QueueError) in try store.batches() })
    }
}

/// The batch of a name or a number.
func found(_ name: String, among batches: [BatchStatus]) throws -> BatchStatus {
    if let batch = batches.first(where: { $0.name == name })
        ?? batches.first(where: { String($0.id) == name })
    {
        return batch
    }
    let names = batches.map { printable(file: $0.name) }.joined(separator: ", ")
    StandardStreams.complain(
        "there is no batch '\(printable(file: name))'; "
            + (names.isEmpty ? "the queue is empty" : "there are \(names)"))
    throw ExitCode(ExitStatus.badInput.rawValue)
}

extension WorkerDescription {
    /// This process.
    ///
    /// - Parameters:
    ///   - host: What it says its host is; `nil` to ask the system.
    ///   - pool: What tests in it.
    /// - Returns: The worker, under a number of its own.
    static func here(host: String?, pool: any Pool) -> WorkerDescription {
        let level = (try? KernelLevel.active)?.rawValue ?? ""
        return WorkerDescription(
            id: .random(in: 1 ... .max), host: host ?? ProcessInfo.processInfo.hostName,
            process: Int(ProcessInfo.processInfo.processIdentifier),
            version: BuildInformation.version, level: level, gmp: BuildInformation.gmpVersion,
            cores: PoolKind.defaultWorkers, workers: pool.workers, pool: pool.kind.rawValue)
    }
}

/// What this host is called.
struct HostOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What this host is called in the queue; by default the system's name of it.",
            valueName: "name"))
    var host: String?

    func validate() throws {
        if let host, host.isEmpty || host.utf8.count > 200 {
            throw ValidationError("--host: give a name of 1 to 200 characters")
        }
    }
}
