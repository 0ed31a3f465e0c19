// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityQueue
import Testing

/// What is a queue's address, what it is called, and what libpq and SQLite get of it.
@Suite struct AddressTests {
    private static func address(
        _ text: String, isArgument: Bool = true
    ) throws -> QueueAddress { try QueueAddress(text, isArgument: isArgument) }

    private static func refusal(_ text: String, isArgument: Bool = true) -> QueueError? {
        do throws(QueueError) {
            _ = try QueueAddress(text, isArgument: isArgument)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Passwords

    /// Each has the password s3cret.
    static let passwords = [
        "postgres://u:s3cret@db.example/primes", "postgresql://u:s3cret@/primes",
        "postgres://:s3cret@db.example", "postgres://db.example/primes?password=s3cret",
        "postgres://u@db.example/primes?sslmode=disable&password=s3cret",
        "postgres://u@db.example?password=s3cret", "postgres://u:s3cret@a.example,b.example/primes",
        "postgres://u:s3cret@[2001:db8::1]:5433/primes",
        // What libpq takes for a password, too.
        "postgres://u:?s3cret@db.example/primes", "postgres://u:s3cret?x=y@db.example/primes",
        "postgres://db.example/primes?pass%77ord=s3cret",
        "postgres://db.example/primes?%70assword=s3cret",
    ]

    @Test(arguments: passwords) func aPasswordAmongArgumentsIsRefused(_ text: String) throws {
        let error = try #require(Self.refusal(text))
        #expect(error.kind == .refused)
        #expect(error.message.contains("password") && error.message.contains(".pgpass"))
        #expect(!error.message.contains("s3cret"))
    }

    @Test(arguments: passwords) func aPasswordOfTheEnvironmentIsNoPartOfTheName(
        _ text: String
    ) throws {
        let address = try Self.address(text, isArgument: false)
        #expect(address.target.contains("s3cret"))
        #expect(!address.name.contains("s3cret"))
    }

    // MARK: Certificates

    @Test(arguments: [
        "postgres://u@db.example/primes", "postgres://db.example", "postgres://db.example:5433/x",
        "postgres://10.0.0.1/x", "postgres://[2001:db8::1]/x", "postgres://[2001:db8::1]:5433/x",
        // One of several is enough.
        "postgres://localhost,db.example/x", "postgres://localhost:5432,10.0.0.1:5433/x",
        "postgres:///x?host=db.example", "postgres:///x?hostaddr=10.0.0.1",
        "postgres:///x?host=/run/postgresql,db.example",
        // What libpq prefers to the host before.
        "postgres://localhost/x?host=db.example", "postgres://localhost/x?hostaddr=10.0.0.1",
        "postgres:///x?host=localhost&hostaddr=10.0.0.1",
        "postgres:///x?host=localhost&host=db.example", "postgres:///x?h%6Fst=db.example",
        "postgres://localhost.example/x", "postgres://u:p@db.example/x",
        "postgres://u:?@db.example/x",
    ]) func anotherHostHasToShowItsCertificate(_ text: String) throws {
        let target = try Self.address(text, isArgument: false).target
        #expect(target.hasPrefix(text))
        #expect(target.dropFirst(text.count).contains("sslmode=verify-full"))
    }

    @Test(arguments: [
        "postgres:///x", "postgres://", "postgres://localhost/x", "postgres://u@localhost:5433/x",
        "postgres://127.0.0.1/x", "postgres://[::1]/x", "postgres://[::1]:5433/x",
        "postgres://%2Frun%2Fpostgresql/x", "postgres://%2frun/x", "postgres:///x?host=/run/x",
        "postgres:///x?host=%2Frun%2Fx", "postgres://:5433/x", "postgres://u@:5433/x",
        "postgres://localhost,127.0.0.1/x", "postgres://localhost/x?hostaddr=127.0.0.1",
        "postgres:///x?hostaddr=::1",
        // Who says what is to be done knows better.
        "postgres://db.example/x?sslmode=require", "postgres://db.example/x?sslmode=disable",
        "postgres:///x?service=primes", "postgres://db.example/x?service=primes",
    ]) func thisHostAndWhoKnowsBetterDoNot(_ text: String) throws {
        #expect(!(try Self.address(text).target.contains("verify-full")))
    }

    @Test func whatIsAddedFitsTheAddress() throws {
        for (text, target) in [
            ("postgres://a.b/x", "postgres://a.b/x?sslmode=verify-full&application_name=primality"),
            (
                "postgres://a.b/x?",
                "postgres://a.b/x?sslmode=verify-full&application_name=primality"
            ),
            (
                "postgres://a.b/x?sslrootcert=system",
                "postgres://a.b/x?sslrootcert=system&sslmode=verify-full&application_name=primality"
            ),
            ("postgres:///x", "postgres:///x?application_name=primality"),
            ("postgres:///x?application_name=me", "postgres:///x?application_name=me"),
        ] {
            #expect(try Self.address(text).target == target)
        }
    }

    @Test func namesAreWhatWasMeant() throws {
        for (text, name) in [
            ("postgres://u@db.example:5433/primes", "postgres://u@db.example:5433/primes"),
            ("postgresql://db.example/primes?sslmode=require", "postgres://db.example/primes"),
            ("postgres://[::1]:5433/x", "postgres://[::1]:5433/x"),
            ("postgres://a.example,b.example/x", "postgres://a.example,b.example/x"),
            ("sqlite:queue.db", "queue.db"), ("sqlite:/var/queue.db", "/var/queue.db"),
            ("sqlite:///var/queue.db", "/var/queue.db"),
        ] {
            #expect(try Self.address(text).name == name)
        }
        let hostile = try Self.address("postgres://a\u{1B}[2J\n/x\u{7F}")
        #expect(hostile.name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 })
    }

    // MARK: Files and nonsense

    @Test func aFileIsWhatFollows() throws {
        for (text, file) in [
            ("sqlite:queue.db", "queue.db"), ("sqlite:./a b?c=d#e", "./a b?c=d#e"),
            ("sqlite:/var/x", "/var/x"), ("sqlite:///var/x", "/var/x"), ("sqlite:é", "é"),
        ] {
            let address = try Self.address(text)
            #expect(address.kind == .sqlite && address.target == file)
        }
        #expect(try Self.address("postgres:///x").kind == .postgres)
    }

    @Test(arguments: [
        "", "sqlite:", "sqlite://", "sqlite:folder/", "sqlite:/", "sqlite:a\u{0}b", "queue.db",
        "SQLITE:x", "mysql://h/x", "postgres", "postgres:", "postgres:/x", "postgres:x",
        "postgres://h/x\u{0}y", " postgres://h/x", "http://h/x", "sqlite",
        // SQLite would keep it in memory, and nobody else would see it.
        "sqlite::memory:",
        // libpq ends the user at the first @, and its hosts are what follows.
        "postgres://u:p@ss@db.example/x", "postgres://u@evil.example,@localhost/x",
    ]) func nonsenseIsRefused(_ text: String) throws {
        let error = try #require(Self.refusal(text, isArgument: false))
        #expect(error.kind == .refused && error.status == .badInput)
        #expect(error.message.hasPrefix("--queue"))
        #expect(error.message.unicodeScalars.allSatisfy { $0.value >= 32 })
    }

    #if !Postgres
        @Test func withoutPostgreSQLNothingIsOpened() throws {
            let error = #expect(throws: QueueError.self) {
                try Self.address("postgres:///x").open(cancel: CancelFlag())
            }
            #expect(error?.kind == .notBuiltIn && error?.status == nil)
            #expect(error?.message.contains("libpq-dev") == true)
        }
    #endif

    #if !SQLite
        @Test func withoutSQLiteNothingIsOpened() throws {
            let error = #expect(throws: QueueError.self) {
                try Self.address("sqlite:x").open(cancel: CancelFlag())
            }
            #expect(error?.kind == .notBuiltIn && error?.status == nil)
            #expect(error?.message.contains("libsqlite3-dev") == true)
        }
    #endif

    @Test func rolesAreQuotedInSQL() throws {
        let settings = QueueSettings(
            lease: 5, submitters: ["s"], workers: ["a\"; drop schema primality; --"], readers: ["é"]
        )
        let text = try QueueAddress.sql(.postgres, settings)
        #expect(text.contains("to \"a\"\"; drop schema primality; --\";"))
        #expect(text.contains("to \"é\";") && text.contains("to \"s\";"))
        #expect(text.contains("5.0);"))
        #expect(try QueueAddress.sql(.sqlite, settings).contains("insert into about values"))
    }
}
