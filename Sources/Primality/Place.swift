// SPDX-License-Identifier: Apache-2.0

/// Enumerations whose cases follow each other as the values of one in C do: the place of a case is its value
/// there. A test walks those of C and compares their names.
extension CaseIterable
where Self: Equatable, AllCases: RandomAccessCollection, AllCases.Index == Int {
    /// The place of this case among all.
    package var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The case at a place; `nil` where there is none.
    package init?(place: Int) {
        guard Self.allCases.indices.contains(place) else { return nil }
        self = Self.allCases[place]
    }
}
