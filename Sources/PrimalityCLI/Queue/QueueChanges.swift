// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PrimalityQueue
internal import PrimalityRuns

/// A subcommand that does one thing to a batch.
protocol QueueChange: ParsableCommand {
    var queue: QueueOption { get }
    var batch: BatchOption { get }
    /// What it does, and what it says then.
    var change: BatchChange { get throws }
    static var done: String { get }
}

extension QueueChange {
    func run() throws {
        let change = try change
        let store = try queue.open()
        let found = try batch.find(in: store)
        try reported { () throws(QueueError) in try store.change(found.id, to: change) }
        StandardStreams.note("batch \(found.id), '\(printable(file: found.name))', \(Self.done)")
    }
}

struct QueuePause: QueueChange {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Lets a batch rest.",
        discussion: """
            Nothing of it is claimed any more. Workers learn of it within a third of a lease, and give back what they have \
            not finished; what they finish before is kept. resume goes on.
            """)
    @OptionGroup var queue: QueueOption
    @OptionGroup var batch: BatchOption
    var change: BatchChange { .pause }
    static let done = "rests"
}

struct QueueResume: QueueChange {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Goes on with a batch that rests.")
    @OptionGroup var queue: QueueOption
    @OptionGroup var batch: BatchOption
    var change: BatchChange { .resume }
    static let done = "goes on"
}

struct QueueCancel: QueueChange {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Ends a batch for good.",
        discussion: """
            Workers learn of it within a third of a lease, and what they find is not stored any more. Results that are \
            stored stay until drop.
            """)
    @OptionGroup var queue: QueueOption
    @OptionGroup var batch: BatchOption
    var change: BatchChange { .cancel }
    static let done = "is cancelled"
}

struct QueueRetry: QueueChange {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Opens chunks again that three workers have lost.",
        discussion: "primality queue status says how many there are.")
    @OptionGroup var queue: QueueOption
    @OptionGroup var batch: BatchOption
    var change: BatchChange { .retry }
    static let done = "has no failed chunks any more: they are open again"
}

struct QueuePrioritise: QueueChange {
    static let configuration = CommandConfiguration(
        commandName: "prioritise",
        abstract: "Changes a batch's priority.",
        discussion: "It counts from the next claim on.")
    @OptionGroup var queue: QueueOption
    @OptionGroup var batch: BatchOption

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "From -1000000 to 1000000; batches of a higher one are tested first.",
            valueName: "number"))
    var priority: Int

    var change: BatchChange {
        get throws {
            if !(-1_000_000...1_000_000).contains(priority) {
                throw Refusal.usage(
                    "--priority \(priority) is out of range; give -1000000 to 1000000")
            }
            return .prioritise(priority)
        }
    }
    static let done = "has another priority"
}

struct QueueDrop: QueueChange {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Removes a batch with all its results.",
        discussion: "What workers find about it meanwhile is not stored.")
    @OptionGroup var queue: QueueOption
    @OptionGroup var batch: BatchOption
    var change: BatchChange { .drop }
    static let done = "is gone, with all its results"
}
