// SPDX-License-Identifier: Apache-2.0

#if Postgres
    internal import CLibPQ
    internal import Primality
    internal import PrimalityRuns

    #if canImport(Glibc)
        internal import Glibc
    #elseif canImport(Musl)
        internal import Musl
    #endif

    /// A parameter of a statement, in PostgreSQL's binary form.
    struct PostgresValue {
        fileprivate var type: UInt32
        /// `nil` is NULL.
        fileprivate var bytes: [UInt8]?

        private enum OID {
            static let bool: UInt32 = 16
            static let bytea: UInt32 = 17
            static let int8: UInt32 = 20
            static let int4: UInt32 = 23
            static let text: UInt32 = 25
            static let float8: UInt32 = 701
            static let byteaArray: UInt32 = 1001
            static let int4Array: UInt32 = 1007
            static let int8Array: UInt32 = 1016
            static let float8Array: UInt32 = 1022
        }

        static func long(_ value: Int?) -> Self {
            Self(type: OID.int8, bytes: value.map { bigEndian(Int64($0)) })
        }
        static func int(_ value: Int) -> Self {
            Self(type: OID.int4, bytes: bigEndian(Int32(clamping: value)))
        }
        static func bool(_ value: Bool) -> Self { Self(type: OID.bool, bytes: [value ? 1 : 0]) }
        static func double(_ value: Double) -> Self {
            Self(type: OID.float8, bytes: bigEndian(value.bitPattern))
        }
        /// Zero bytes, which PostgreSQL's texts cannot have, are left out.
        static func text(_ value: String) -> Self {
            Self(type: OID.text, bytes: value.utf8.filter { $0 != 0 })
        }
        static func blob(_ value: [UInt8]) -> Self { Self(type: OID.bytea, bytes: value) }
        static func longs(_ values: [Int]) -> Self {
            array(OID.int8Array, of: OID.int8, values.map { bigEndian(Int64($0)) })
        }
        static func ints(_ values: [Int]) -> Self {
            array(OID.int4Array, of: OID.int4, values.map { bigEndian(Int32(clamping: $0)) })
        }
        static func doubles(_ values: [Double]) -> Self {
            array(OID.float8Array, of: OID.float8, values.map { bigEndian($0.bitPattern) })
        }
        static func blobs(_ values: [[UInt8]]) -> Self {
            array(OID.byteaArray, of: OID.bytea, values)
        }

        private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
            stride(from: value.bitWidth - 8, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: value >> $0)
            }
        }

        /// One dimension, from 1: dimensions, whether there are NULLs, the type, then length and lower bound of the
        /// dimension, and each element after its length.
        private static func array(_ type: UInt32, of element: UInt32, _ values: [[UInt8]]) -> Self {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(20 + values.reduce(0) { $0 + 4 + $1.count })
            bytes += bigEndian(Int32(values.isEmpty ? 0 : 1)) + bigEndian(Int32(0))
            bytes += bigEndian(element)
            if !values.isEmpty { bytes += bigEndian(Int32(values.count)) + bigEndian(Int32(1)) }
            for value in values {
                bytes += bigEndian(Int32(value.count))
                bytes += value
            }
            return Self(type: type, bytes: bytes)
        }
    }

    /// A connection to a server, for one thread at a time.
    ///
    /// All calls are asynchronous: nothing waits longer than its time, nor after the flag was raised.
    @safe final class PostgresConnection {
        private let connection: OpaquePointer
        private let cancel: CancelFlag
        /// What it is called in messages.
        let name: String

        private static let connectTime = Duration.seconds(20)
        private static let answerTime = Duration.seconds(120)

        /// - Parameters:
        ///   - address: What libpq takes: a URL or words.
        ///   - name: What it is called in messages.
        ///   - cancel: Ends the waiting.
        /// - Throws: ``QueueError``.
        init(_ address: String, name: String, cancel: CancelFlag) throws(QueueError) {
            self.name = name
            self.cancel = cancel
            var fault: UnsafeMutablePointer<CChar>?
            guard let options = unsafe PQconninfoParse(address, &fault) else {
                let text = unsafe fault.map { unsafe String(cString: $0) } ?? "out of memory"
                unsafe PQfreemem(fault)
                throw .refused("\(name) is no address: \(Self.line(text))")
            }
            unsafe PQconninfoFree(options)
            guard let connection = unsafe PQconnectStart(address) else {
                throw .unreachable("\(name): out of memory")
            }
            unsafe self.connection = unsafe connection
            // Notices are nobody's business.
            unsafe PQsetNoticeProcessor(connection, { _, _ in }, nil)
            if unsafe PQstatus(connection) == CONNECTION_BAD { throw failure() }
            let deadline = ContinuousClock.now + Self.connectTime
            var wanted = PGRES_POLLING_WRITING
            while wanted != PGRES_POLLING_OK {
                if wanted == PGRES_POLLING_FAILED { throw failure() }
                try wait(
                    wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT, until: deadline,
                    "it does not answer")
                wanted = unsafe PQconnectPoll(connection)
            }
            unsafe PQsetnonblocking(connection, 1)
            // A server that is gone without a word is noticed within a minute.
            keepAlive()
        }

        deinit { unsafe PQfinish(connection) }

        private func keepAlive() {
            let socket = unsafe PQsocket(connection)
            func set(_ level: Int32, _ option: Int32, _ value: Int32) {
                var value = value
                _ = unsafe setsockopt(
                    socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
            }
            // On a Unix socket these fail, and nothing is lost.
            set(SOL_SOCKET, SO_KEEPALIVE, 1)
            set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15)
            set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10)
            set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
            set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 45_000)
        }

        /// Waits for the socket; a flag that is raised ends that.
        private func wait(
            _ events: Int32, until deadline: ContinuousClock.Instant, _ reason: String
        ) throws(QueueError) {
            while true {
                if cancel.isCancelled { throw .unreachable("\(name): the waiting was ended") }
                let now = ContinuousClock.now
                if now > deadline { throw .unreachable("\(name): \(reason)") }
                var sockets = [
                    pollfd(
                        fd: unsafe PQsocket(connection), events: Int16(events), revents: 0)
                ]
                // The count is the array's. The flag is looked at ten times a second.
                let count = unsafe poll(&sockets, 1, 100)
                if count > 0 { return }
                if count < 0 && errno != EINTR { throw .unreachable("\(name): poll fails") }
            }
        }

        // MARK: Statements

        /// Runs a statement.
        ///
        /// - Throws: ``QueueError``.
        func run(_ sql: String, _ values: [PostgresValue] = []) throws(QueueError) -> PostgresRows {
            try send(sql, values)
            var rows: PostgresRows?
            var fault: QueueError?
            while let result = unsafe try nextResult() {
                let status = unsafe PQresultStatus(result)
                if status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK {
                    rows = unsafe PostgresRows(result)
                } else {
                    unsafe fault = fault ?? error(of: result)
                    unsafe PQclear(result)
                }
            }
            if let fault { throw fault }
            guard let rows else { throw failure() }
            return rows
        }

        /// Runs statements without parameters that follow each other.
        func script(_ sql: String) throws(QueueError) {
            if unsafe PQsendQuery(connection, sql) == 0 { throw failure() }
            try flush()
            var fault: QueueError?
            while let result = unsafe try nextResult() {
                let status = unsafe PQresultStatus(result)
                if status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK {
                    unsafe fault = fault ?? error(of: result)
                }
                unsafe PQclear(result)
            }
            if let fault { throw fault }
        }

        /// Runs `body` in a transaction.
        func transaction<Value>(
            _ body: () throws(QueueError) -> Value
        ) throws(QueueError) -> Value {
            try script("begin")
            do throws(QueueError) {
                let value = try body()
                try script("commit")
                return value
            } catch {
                rollback()
                throw error
            }
        }

        /// A connection that is lost rolls back by itself.
        func rollback() { try? script("rollback") }

        /// A name in quotes.
        func quoted(_ name: String) throws(QueueError) -> String {
            guard
                let text = unsafe PQescapeIdentifier(connection, name, name.utf8.count)
            else { throw failure() }
            defer { unsafe PQfreemem(text) }
            return unsafe String(cString: text)
        }

        private func send(_ sql: String, _ values: [PostgresValue]) throws(QueueError) {
            let types = values.map(\.type)
            let formats = [Int32](repeating: 1, count: values.count)
            let lengths = values.map { Int32($0.bytes?.count ?? 0) }
            // One block of memory has all values; an empty one has an address, too, since only NULL has none.
            var offsets: [Int] = []
            var all: [UInt8] = [0]
            for value in values {
                offsets.append(all.count)
                all += value.bytes ?? []
            }
            all.append(0)
            let sent = unsafe all.withUnsafeBytes { all in
                unsafe PQsendQueryParams(
                    connection, sql, Int32(values.count), types,
                    zip(values, offsets).map { value, offset in
                        unsafe value.bytes.flatMap { _ in
                            unsafe all.baseAddress?.advanced(by: offset)
                                .assumingMemoryBound(to: CChar.self)
                        }
                    }, lengths, formats, 1)
            }
            if sent == 0 { throw failure() }
            try flush()
        }

        private func flush() throws(QueueError) {
            let deadline = ContinuousClock.now + Self.answerTime
            while true {
                let status = unsafe PQflush(connection)
                if status == 0 { return }
                if status < 0 { throw failure() }
                try wait(POLLIN | POLLOUT, until: deadline, "it takes nothing")
                // What it says meanwhile would fill its buffers.
                if unsafe PQconsumeInput(connection) == 0 { throw failure() }
            }
        }

        private func nextResult() throws(QueueError) -> OpaquePointer? {
            let deadline = ContinuousClock.now + Self.answerTime
            while unsafe PQisBusy(connection) == 1 {
                try wait(POLLIN, until: deadline, "it does not answer")
                if unsafe PQconsumeInput(connection) == 0 { throw failure() }
            }
            return unsafe PQgetResult(connection)
        }

        // MARK: Errors

        /// What libpq says of the connection.
        private func failure() -> QueueError {
            let text = Self.line(
                unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? "")
            let needsPassword = unsafe PQconnectionNeedsPassword(connection) == 1
            let message =
                "\(name): \(text)"
                + (needsPassword
                    ? "; a password belongs in the file that PGPASSFILE names, or ~/.pgpass" : "")
            let isRefusal = [
                "password authentication failed", "no password supplied", "does not exist",
                "no pg_hba.conf entry", "certificate", "does not support SSL", "is not permitted",
                "invalid ",
            ].contains { text.contains($0) }
            return isRefusal || needsPassword ? .refused(message) : .unreachable(message)
        }

        private func error(of result: OpaquePointer) -> QueueError {
            func field(_ code: Int32) -> String {
                unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) } ?? ""
            }
            let state = field(Int32(UInt8(ascii: "C")))
            let text = Self.line(field(Int32(UInt8(ascii: "M"))))
            let message = "\(name): \(text)"
            switch state {
            case "PR002": return QueueError(.unknownWorker, message)
            case "42501":
                return .refused(
                    "\(message); the queue's owner grants it by primality queue init --grant-...")
            case "3F000", "42P01", "42883":
                return .refused(
                    "\(message); make a queue by primality queue init, with a program of this version"
                )
            // A transaction that met another one, or a server without room, or on its way down or up.
            case "40001", "40P01", "25P02", "55P03": return .unreachable(message)
            default:
                return ["08", "53", "57", "58"].contains { state.hasPrefix($0) }
                    ? .unreachable(message) : QueueError(.refused, message, code: state)
            }
        }

        /// The first line, in printable characters.
        private static func line(_ text: String) -> String {
            let first = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            return printable(file: first)
        }
    }

    /// The rows that a statement gave, in binary form.
    @safe struct PostgresRows: ~Copyable {
        private let result: OpaquePointer

        fileprivate init(_ result: OpaquePointer) { unsafe self.result = unsafe result }

        deinit { unsafe PQclear(result) }

        var count: Int { unsafe Int(PQntuples(result)) }

        func isNull(_ row: Int, _ column: Int) -> Bool {
            unsafe PQgetisnull(result, Int32(row), Int32(column)) == 1
        }

        func bytes(_ row: Int, _ column: Int) -> [UInt8] {
            let length = unsafe PQgetlength(result, Int32(row), Int32(column))
            guard let start = unsafe PQgetvalue(result, Int32(row), Int32(column)) else {
                return []
            }
            // libpq says how long the value is.
            return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: Int(length)))
        }

        /// An integer of any size up to 64 bits, or a truth value.
        func integer(_ row: Int, _ column: Int) -> Int {
            let bytes = bytes(row, column)
            var value = bytes.first.map { bytes.count > 1 && $0 >= 0x80 ? Int64(-1) : 0 } ?? 0
            for byte in bytes.prefix(8) { value = value << 8 | Int64(byte) }
            return Int(value)
        }

        func real(_ row: Int, _ column: Int) -> Double {
            Double(bitPattern: UInt64(bitPattern: Int64(integer(row, column))))
        }

        func text(_ row: Int, _ column: Int) -> String {
            String(decoding: bytes(row, column), as: UTF8.self)
        }
    }
#endif
