// SPDX-License-Identifier: Apache-2.0

/// A drawing for a page: 380 units wide, so that its text can be read on a phone.
package struct Chart: Sendable, Hashable {
    /// What a link to it is made of; empty for none.
    package var name = ""
    package var title: String
    /// What is drawn, for those who cannot see it.
    package var text: String
    /// An `svg` element, which takes its colours from ``style``.
    package var svg: String

    package static let width = 380.0

    /// The same chart, under a name that links can use.
    package func named(_ name: String) -> Chart {
        var chart = self
        chart.name = name
        return chart
    }
}

extension Chart {
    /// How many series can be told apart.
    package static let styles = 7

    /// What the classes look like: seven colours that people who see few colours can tell apart [Wong11],
    /// with a dash and a mark each.
    package static let style = """
        svg{display:block;width:100%;height:auto;font:13px system-ui,sans-serif;
        --s0:#0072b2;--s1:#d55e00;--s2:#007a5a;--s3:#b0508a;--s4:#9a6a00;--s5:#2b8cc4;--s6:#555}
        svg text{fill:var(--ink)}
        svg .words{fill:var(--soft)}
        svg .over{fill:var(--ink);paint-order:stroke;stroke:var(--page);stroke-width:4px;
        stroke-linejoin:round}
        svg .heading{font-weight:600}
        svg .grid{stroke:var(--grid);stroke-width:1}
        svg .axis{stroke:var(--soft);stroke-width:1}
        svg .line{fill:none;stroke:var(--c);stroke-width:2}
        svg .stem{stroke:var(--c);stroke-width:2}
        svg .guide{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:4 4}
        svg .limit{stroke:var(--ink);stroke-width:2}
        svg .mark{fill:var(--c);stroke:var(--page);stroke-width:1}
        svg .bar{fill:var(--c)}
        svg .whisker{stroke:var(--ink);stroke-width:1.2}
        svg .s0{--c:var(--s0)}
        svg .s1{--c:var(--s1);stroke-dasharray:7 3}
        svg .s2{--c:var(--s2);stroke-dasharray:2 3}
        svg .s3{--c:var(--s3);stroke-dasharray:9 3 2 3}
        svg .s4{--c:var(--s4);stroke-dasharray:12 3}
        svg .s5{--c:var(--s5);stroke-dasharray:5 2}
        svg .s6{--c:var(--s6);stroke-dasharray:9 3 2 3 2 3}
        svg .mark,svg .bar,svg .stem{stroke-dasharray:none}
        @media(prefers-color-scheme:dark){svg{
        --s0:#5ab4e8;--s1:#ff8a4c;--s2:#2fc79b;--s3:#e29ac8;--s4:#e8b84a;--s5:#9fd3f5;--s6:#b5b5b5}}
        """
}
