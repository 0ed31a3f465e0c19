// SPDX-License-Identifier: Apache-2.0

/// A first-in first-out queue, for one thread at a time.
struct Fifo<Element> {
    private var items: [Element] = []
    private var head = 0

    var count: Int { items.count - head }

    var isEmpty: Bool { head == items.count }

    var first: Element? { isEmpty ? nil : items[head] }

    mutating func append(_ element: Element) { items.append(element) }

    mutating func popLast() -> Element? { isEmpty ? nil : items.popLast() }

    mutating func popFirst() -> Element? {
        if isEmpty { return nil }
        let element = items[head]
        head += 1
        // Seldom enough that moving what is left costs nothing.
        if head == items.count || head >= 64 {
            items.removeFirst(head)
            head = 0
        }
        return element
    }
}
