// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Ctrl-C and SIGTERM: the first one cancels the run, the second one ends the program at once.
final class Interruption: Sendable {
    /// Raised by the first signal.
    let cancel = CancelFlag()
    private let received = Atomic<Int32>(0)
    private let terminal: Terminal?

    /// The signal that came, if one did.
    var signal: Int32? {
        let signal = received.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// Takes over the signals.
    ///
    /// To be called once, before there are other threads: they inherit the mask, and one thread
    /// waits for the signals, so that no code runs inside a handler.
    ///
    /// - Parameter terminal: Is given back before the program ends at once, and before SIGQUIT, SIGHUP and
    ///   SIGTSTP have their effect, which are watched for its sake.
    init(_ terminal: Terminal? = nil) {
        self.terminal = terminal
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGTERM)
        // One that is ignored, as by nohup, stays ignored.
        for number in [SIGQUIT, SIGHUP, SIGTSTP] where terminal != nil && !isIgnored(number) {
            unsafe sigaddset(&signals, number)
        }
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        let watched = signals
        // Without this thread signals would end nothing: better to end at once than never.
        do {
            _ = try WorkerThread(name: "prk-signals") { [self] in
                var set = watched
                while true {
                    var number: Int32 = 0
                    if unsafe sigwait(&set, &number) != 0 { continue }
                    if let terminal, number != SIGINT, number != SIGTERM {
                        giveWay(terminal, to: number)
                        continue
                    }
                    if received.exchange(number, ordering: .relaxed) != 0 {
                        terminal?.giveBack()
                        _exit(128 + number)
                    }
                    cancel.cancel()
                }
            }
        } catch {
            unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        }
    }

    /// Ends the program with the signal's status if one came.
    func exitIfSignalled(_ summary: () -> String) {
        guard let signal else { return }
        let name = signal == SIGINT ? "SIGINT" : "SIGTERM"
        StandardStreams.complain("ended by \(name): \(summary())")
        exit(128 + signal)
    }
}

/// Whether a signal is ignored; if not it has its default effect from now on.
private func isIgnored(_ number: Int32) -> Bool {
    let before = signal(number, SIG_DFL)
    // SIG_IGN is no function: it can only be compared as a number.
    let isIgnored = unsafe unsafeBitCast(before, to: Int.self) == 1
    if isIgnored { signal(number, SIG_IGN) }
    return isIgnored
}

/// Lets a signal have its usual effect when the terminal was given back: SIGTSTP stops the program until
/// it is continued, another one ends it.
private func giveWay(_ terminal: Terminal, to number: Int32) {
    if number == SIGTSTP {
        terminal.giveBack(forGood: false)
        raise(SIGSTOP)  // this thread, so that it goes no further
        terminal.take()
        return
    }
    terminal.giveBack()
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, number)
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
}
