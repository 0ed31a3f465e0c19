// SPDX-License-Identifier: Apache-2.0

internal import PrimalityRuns

/// What both stores say.
enum QueueText {
    static func nameIsTaken(_ name: String) -> String {
        "a batch is called '\(printable(file: name))' already; give another name by --name"
    }

    static func isQueued(as name: String) -> String {
        "the same candidates with the same options are queued already, as '\(printable(file: name))'; nothing was queued. To "
            + "test them once more, give another --seed, or drop that batch"
    }

    static func isOver(_ state: BatchStatus.State) -> QueueError {
        .refused(
            state == .cancelled
                ? "the batch was cancelled, which is for good; submit it again when it was dropped"
                : "the batch is finished")
    }
}

/// The tables and functions of the stores, from schema/.
enum QueueSQL {
    static var sqlite: String { text(PackageResources.sqlite_sql) }
    static var postgres: String { text(PackageResources.postgres_sql) }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
