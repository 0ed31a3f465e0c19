// SPDX-License-Identifier: Apache-2.0

/// A first-in first-out queue between threads.
///
/// It ends when each of its producers has.
package final class BlockingQueue<Element: Sendable>: Sendable {
    private struct State {
        var items = Fifo<Element>()
        var producers: Int
    }

    package enum Taken: Sendable {
        case element(Element)
        case nothingYet
        case ended
    }

    private let monitor: Monitor<State>

    package init(producers: Int = 1) { monitor = Monitor(State(producers: producers)) }

    package func push(_ element: Element) {
        monitor.withLock(wake: true) { $0.items.append(element) }
    }

    /// One producer will push no more.
    package func end() { monitor.withLock(wake: true) { $0.producers -= 1 } }

    /// The next element, waited for, or `nil` at the end.
    package func pop() -> Element? {
        monitor.wait { state -> Element?? in
            if let element = state.items.popFirst() { return .some(element) }
            return state.producers == 0 ? .some(nil) : nil
        }
    }

    /// The next element if there is one.
    package func tryPop() -> Taken {
        monitor.withLock { state in
            if let element = state.items.popFirst() { return .element(element) }
            return state.producers == 0 ? .ended : .nothingYet
        }
    }
}
