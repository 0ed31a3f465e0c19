// SPDX-License-Identifier: Apache-2.0

#if SQLite
    internal import CSQLite3
    internal import Primality

    /// A value of a statement.
    enum SQLiteValue {
        case integer(Int)
        case real(Double)
        case text(String)
        case blob([UInt8])
        case null
    }

    /// A connection to a database file, for one thread at a time.
    @safe final class SQLiteDatabase {
        private let database: OpaquePointer
        private let name: String
        /// Statements that were prepared, by their text.
        private var prepared: [String: OpaquePointer] = unsafe [:]

        /// - Parameters:
        ///   - path: The file.
        ///   - creates: Whether it is made when it is not there.
        ///   - cancel: Ends waiting for others.
        /// - Throws: ``QueueError``.
        init(_ path: String, creates: Bool, cancel: CancelFlag) throws(QueueError) {
            name = path
            self.cancel = cancel
            var opened: OpaquePointer?
            let flags =
                SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
                | (creates ? SQLITE_OPEN_CREATE : 0)
            let status = unsafe sqlite3_open_v2(path, &opened, flags, nil)
            guard let database = unsafe opened else { throw .unreachable("\(path): out of memory") }
            unsafe self.database = unsafe database
            if status != SQLITE_OK { throw error(status) }
            unsafe sqlite3_extended_result_codes(database, 1)
            // While it is opened others may be opening it, too.
            unsafe sqlite3_busy_timeout(database, 10_000)
        }

        deinit {
            unsafe prepared.values.forEach { unsafe sqlite3_finalize($0) }
            unsafe sqlite3_close(database)
        }

        private let cancel: CancelFlag

        /// How long to wait for others who write, and between looks.
        private static let patience = Duration.seconds(30)

        // MARK: Statements

        /// Runs a statement, and gives its rows to `row`.
        func run(
            _ sql: String, _ values: [SQLiteValue] = [], row: (SQLiteRow) -> Void = { _ in }
        ) throws(QueueError) {
            let statement = unsafe try statement(sql)
            defer {
                unsafe sqlite3_reset(statement)
                unsafe sqlite3_clear_bindings(statement)
            }
            for (i, value) in values.enumerated() {
                unsafe try bind(value, to: Int32(i + 1), of: statement)
            }
            let start = ContinuousClock.now
            while true {
                let status = unsafe sqlite3_step(statement)
                switch status & 0xFF {
                case SQLITE_ROW: row(unsafe SQLiteRow(statement: statement))
                case SQLITE_DONE: return
                case SQLITE_BUSY, SQLITE_LOCKED:
                    // Who waits in a queue of its own would be fair; a short random pause nearly is.
                    if cancel.isCancelled || .now - start > Self.patience { throw error(status) }
                    unsafe sqlite3_reset(statement)
                    sqlite3_sleep(.random(in: 1...8))
                default: throw error(status)
                }
            }
        }

        /// From now on ``run(_:_:row:)`` waits in its own way: SQLite's pauses grow, so that who waits long waits longer.
        func waitFairly() { unsafe sqlite3_busy_timeout(database, 0) }

        /// How many rows the last statement has changed.
        var changes: Int { unsafe Int(sqlite3_changes(database)) }
        var lastRow: Int { unsafe Int(sqlite3_last_insert_rowid(database)) }

        /// Runs statements that follow each other.
        func script(_ text: String) throws(QueueError) {
            let status = unsafe sqlite3_exec(database, text, nil, nil, nil)
            if status != SQLITE_OK { throw error(status) }
        }

        /// Runs `body` in a transaction that may write from its beginning.
        func transaction<Value>(
            _ body: () throws(QueueError) -> Value
        ) throws(QueueError) -> Value {
            try run("begin immediate")
            do throws(QueueError) {
                let value = try body()
                try run("commit")
                return value
            } catch {
                rollback()
                throw error
            }
        }

        func rollback() { unsafe sqlite3_exec(database, "rollback", nil, nil, nil) }

        private func statement(_ sql: String) throws(QueueError) -> OpaquePointer {
            if let known = unsafe prepared[sql] { return unsafe known }
            var made: OpaquePointer?
            let status = unsafe sqlite3_prepare_v2(database, sql, -1, &made, nil)
            guard status == SQLITE_OK, let made = unsafe made else { throw error(status) }
            unsafe prepared[sql] = unsafe made
            return unsafe made
        }

        private func bind(
            _ value: SQLiteValue, to place: Int32, of statement: OpaquePointer
        ) throws(QueueError) {
            // -1 is SQLITE_TRANSIENT: the bytes are copied.
            let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            let status =
                switch value {
                case .integer(let value): unsafe sqlite3_bind_int64(statement, place, Int64(value))
                case .real(let value): unsafe sqlite3_bind_double(statement, place, value)
                case .text(let text):
                    unsafe sqlite3_bind_text(
                        statement, place, text, Int32(text.utf8.count), copied)
                case .blob(let bytes):
                    // An empty array has no address, which would be NULL.
                    bytes.isEmpty
                        ? unsafe sqlite3_bind_zeroblob(statement, place, 0)
                        : unsafe sqlite3_bind_blob64(
                            statement, place, bytes, UInt64(bytes.count), copied)
                case .null: unsafe sqlite3_bind_null(statement, place)
                }
            if status != SQLITE_OK { throw error(status) }
        }

        private func error(_ status: Int32) -> QueueError {
            let text = unsafe String(cString: sqlite3_errmsg(database))
            let message = "\(name): \(text)"
            switch status & 0xFF {
            case SQLITE_BUSY, SQLITE_LOCKED:
                return .unreachable("\(message): others have kept it locked for too long")
            case SQLITE_FULL, SQLITE_IOERR: return .unreachable(message)
            case SQLITE_CANTOPEN:
                return .refused("\(message); make a queue by primality queue init sqlite:\(name)")
            case SQLITE_NOTADB, SQLITE_CORRUPT: return .damaged(message)
            default:
                if text.hasPrefix("no such table") {
                    return .refused(
                        "\(name) has no queue; make one by primality queue init sqlite:\(name)")
                }
                return .refused(message)
            }
        }
    }

    /// A row that a statement is at.
    @safe struct SQLiteRow {
        fileprivate let statement: OpaquePointer

        func integer(_ column: Int) -> Int {
            unsafe Int(sqlite3_column_int64(statement, Int32(column)))
        }

        func real(_ column: Int) -> Double {
            unsafe sqlite3_column_double(statement, Int32(column))
        }

        func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }

        func isNull(_ column: Int) -> Bool {
            unsafe sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
        }

        func bytes(_ column: Int) -> [UInt8] {
            // Asked for in this order, the count is that of the pointer.
            guard let start = unsafe sqlite3_column_blob(statement, Int32(column)) else {
                return []
            }
            let count = unsafe Int(sqlite3_column_bytes(statement, Int32(column)))
            return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
        }
    }
#endif
