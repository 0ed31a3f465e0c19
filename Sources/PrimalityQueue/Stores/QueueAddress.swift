// SPDX-License-Identifier: Apache-2.0

package import Primality
internal import PrimalityRuns

/// Where a queue is: `postgres://user@host/database?...` or `sqlite:FILE`.
package struct QueueAddress: Sendable {
    package enum Kind: Sendable {
        case postgres
        case sqlite
    }

    package let kind: Kind
    /// What libpq or SQLite gets; it may have a password.
    package let target: String
    /// What it is called in messages: without a password.
    package let name: String

    /// Reads an address.
    ///
    /// - Parameters:
    ///   - text: The address.
    ///   - isArgument: It stands among arguments, which everybody on this machine can read.
    ///   - environment: Where libpq looks for what the address does not say.
    /// - Throws: ``QueueError``.
    package init(
        _ text: String, isArgument: Bool, environment: [String: String] = [:]
    ) throws(QueueError) {
        if let path = text.dropped(prefix: "sqlite:") {
            // sqlite:///var/x is the same as sqlite:/var/x.
            let file = path.hasPrefix("//") ? String(path.dropFirst(2)) : path
            // SQLite has a name for a database in memory, where nobody else would see it.
            if file.isEmpty || file.hasSuffix("/") || file.utf8.contains(0) || file == ":memory:" {
                throw .refused("--queue \(printable(text)): give a file after sqlite:")
            }
            kind = .sqlite
            target = file
            name = file
            return
        }
        guard
            let rest = text.dropped(prefix: "postgres://") ?? text.dropped(prefix: "postgresql://")
        else {
            // A password may follow a scheme that was mistyped.
            let shown = text.contains("@") ? text.prefix { $0 != ":" } + ":..." : text
            throw .refused(
                "--queue '\(printable(shown))' is no queue; give postgres://user@host/database or sqlite:FILE"
            )
        }
        if text.utf8.contains(0) { throw .refused("--queue: the address has a zero byte") }
        // As libpq reads it: before a slash the first @ ends the user, whatever else is there.
        var user = ""
        var afterUser = rest
        if let at = rest.prefix(while: { $0 != "/" }).firstIndex(of: "@") {
            user = String(rest[..<at])
            afterUser = String(rest[rest.index(after: at)...])
        }
        let hosts = afterUser.prefix { $0 != "/" && $0 != "?" }
        if hosts.contains("@") {
            throw .refused("--queue: an @ in a user's name or in a password is written %40")
        }
        let path = afterUser.dropFirst(hosts.count).prefix { $0 != "?" }
        let query = afterUser.dropFirst(hosts.count + path.count).dropFirst()
        let options = query.split(separator: "&").map { option in
            let parts = option.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: decoded(parts[0]), value: parts.count > 1 ? decoded(parts[1]) : "")
        }
        func has(_ name: String) -> Bool { options.contains { $0.name == name } }
        if (user.contains(":") || has("password")) && isArgument {
            throw .refused(
                "a password among the arguments is seen by everybody on this machine: put it into ~/.pgpass or the file "
                    + "that PGPASSFILE names, or the whole address into PRIMALITY_QUEUE")
        }
        // Another host may be anybody: its certificate has to say that it is the one, unless the user knows better.
        var target = text
        func add(_ option: String) {
            let separator = !target.contains("?") ? "?" : target.hasSuffix("?") ? "" : "&"
            target += separator + option
        }
        // Options take the place of hosts before them, and of each other.
        func names(_ list: String?) -> [String] {
            (list ?? "").split(separator: ",").map(String.init)
        }
        let all =
            hosts.split(separator: ",").map(Self.withoutPort)
            + options.filter { $0.name == "host" || $0.name == "hostaddr" }
            .flatMap { names($0.value) }
            + names(environment["PGHOST"]) + names(environment["PGHOSTADDR"])
        if !all.allSatisfy(Self.isLocal) && !has("sslmode") && !has("service")
            && environment["PGSSLMODE"] == nil && environment["PGSERVICE"] == nil
        {
            add("sslmode=verify-full")
        }
        if !has("application_name") { add("application_name=primality") }
        kind = .postgres
        self.target = target
        let shownUser = user.prefix { $0 != ":" }
        name = printable(
            file: "postgres://" + (shownUser.isEmpty ? "" : shownUser + "@") + hosts + path)
    }

    /// The name of a host, without brackets.
    private static func withoutPort(_ host: Substring) -> String {
        host.hasPrefix("[")
            ? String(host.dropFirst().prefix { $0 != "]" }) : decoded(host.prefix { $0 != ":" })
    }

    /// A socket's folder or name, or this machine.
    private static func isLocal(_ host: String) -> Bool {
        host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@")
            || ["localhost", "127.0.0.1", "::1"].contains(host)
    }

    /// Opens the queue.
    ///
    /// - Parameters:
    ///   - creates: A file that is not there is made.
    ///   - cancel: Ends the waiting.
    /// - Returns: The store.
    /// - Throws: ``QueueError``.
    package func open(creates: Bool = false, cancel: CancelFlag) throws(QueueError)
        -> any QueueStore
    {
        switch kind {
        case .postgres:
            #if Postgres
                return PostgresStore(
                    try PostgresConnection(target, name: name, cancel: cancel))
            #else
                throw QueueError(
                    .notBuiltIn,
                    "this program was built without PostgreSQL: install libpq-dev, and build with --traits Postgres, as "
                        + "make install-cli does")
            #endif
        case .sqlite:
            #if SQLite
                return try SQLiteStore(target, creates: creates, cancel: cancel)
            #else
                throw QueueError(
                    .notBuiltIn,
                    "this program was built without SQLite: install libsqlite3-dev, and build with --traits SQLite, as "
                        + "make install-cli does")
            #endif
        }
    }

    /// What `init` runs on such a queue, as SQL for an administrator.
    package static func sql(_ kind: Kind, _ settings: QueueSettings) throws(QueueError) -> String {
        switch kind {
        case .postgres:
            var text = "begin;\n\n" + QueueSQL.postgres
            let version = BuildInformation.version
            text +=
                "\ninsert into primality.about values (\(queueSchema), '\(version)', \(settings.lease));\n"
            for line in try QueueGrants.statements(
                settings,
                quoted: { name in
                    "\"" + name.replacing("\"", with: "\"\"") + "\""
                })
            { text += line + ";\n" }
            return text + "\ncommit;\n"
        case .sqlite:
            return QueueSQL.sqlite
                + "\ninsert into about values (\(queueSchema), '\(BuildInformation.version)', \(settings.lease));\n"
        }
    }
}

/// What gives roles of PostgreSQL their rights.
enum QueueGrants {
    static func statements(
        _ settings: QueueSettings, quoted: (String) throws(QueueError) -> String
    ) throws(QueueError) -> [String] {
        var all: [String] = []
        func grant(_ rights: [String], to roles: [String]) throws(QueueError) {
            for role in roles {
                let role = try quoted(role)
                all.append("grant usage on schema primality to \(role)")
                for right in rights { all.append("grant \(right) to \(role)") }
            }
        }
        func execute(_ functions: [String]) -> [String] {
            functions.map { "execute on function primality.\($0)" }
        }
        let reading = ["select on all tables in schema primality"]
        let submitting = execute([
            "begin_batch", "add_chunks", "end_batch", "change_batch", "note_second", "renew",
        ])
        try grant(reading, to: settings.readers)
        try grant(execute(["claim", "renew", "finish"]), to: settings.workers)
        try grant(reading + submitting, to: settings.submitters)
        return all
    }
}

/// A part of an address without %20 and such.
private func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), rest.count > 1,
            let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(code)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

extension String {
    fileprivate func dropped(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
