// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PrimalityQueue
internal import PrimalityRuns

struct QueueInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a queue, or gives roles their rights in one.",
        discussion: """
            In PostgreSQL the tables and functions are in the schema primality, and belong to who runs this. Workers may \
            execute three functions and see no table; submitters may submit, see everything and change their own batches; \
            readers may see. --grant-... may be given again later. --print-sql prints what would be run, for an \
            administrator.

            Examples:
              primality queue init --queue sqlite:queue.db
              primality queue init --queue postgres://boss@db/primes --grant-work worker
              primality queue init --queue postgres://db/primes --print-sql | psql -U postgres primes
            """)

    @OptionGroup var queue: QueueOption

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a chunk is a worker's that is not heard of any more, from 0.5 to 86400.",
            valueName: "seconds"))
    var lease = 60.0

    @Option(help: ArgumentHelp("A role that may submit.", valueName: "role"))
    var grantSubmit: [String] = []

    @Option(help: ArgumentHelp("A role that may work.", valueName: "role"))
    var grantWork: [String] = []

    @Option(help: ArgumentHelp("A role that may look.", valueName: "role"))
    var grantRead: [String] = []

    @Flag(help: "Print the SQL and change nothing.")
    var printSql = false

    func run() throws {
        if !(0.5...86400).contains(lease) {
            throw Refusal.usage("--lease \(lease) is out of range; give 0.5 to 86400 seconds")
        }
        for role in grantSubmit + grantWork + grantRead
        where role.isEmpty || role.utf8.contains(0) {
            throw Refusal.usage("a role has a name")
        }
        let settings = QueueSettings(
            lease: lease, submitters: grantSubmit, workers: grantWork, readers: grantRead)
        let address = try queue.address()
        if printSql {
            var output = Output()
            _ = output.write(
                try reported { () throws(QueueError) in
                    try QueueAddress.sql(address.kind, settings)
                })
            let status = output.status()
            if status != .done { throw ExitCode(status.rawValue) }
            return
        }
        let store = try queue.open(creates: true)
        try reported { () throws(QueueError) in try store.create(settings) }
        StandardStreams.note("\(printable(file: store.name)): the queue is ready")
    }
}
