//! Small charts, drawn as SVG by the page: here are their numbers.

use serde::Serialize;

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Bar {
    /// Its place from the left, in the chart's units.
    pub x: i64,
    /// Its height in percent of the highest.
    pub height: u64,
    /// What it counts.
    pub count: u64,
    /// What it is said to be, for a pointer that rests on it.
    pub label: String,
}

/// A bar for each of `hours` hours up to this one; `counts` has hours since 1970 and how many.
pub(super) fn by_hour(counts: &[(i64, u64)], this_hour: i64, hours: i64) -> Vec<Bar> {
    let highest = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    (0..hours)
        .map(|x| {
            let hour = this_hour - hours + 1 + x;
            let count = counts.iter().find(|(at, _)| *at == hour).map_or(0, |(_, count)| *count);
            let label = format!("−{} h: {count}", hours - 1 - x);
            Bar { x, height: count * 100 / highest, count, label }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bar_is_this_hour_and_gaps_are_empty() {
        let bars = by_hour(&[(98, 2), (100, 8)], 100, 4);
        let shape: Vec<_> = bars.iter().map(|bar| (bar.x, bar.height, bar.count)).collect();
        assert_eq!(shape, [(0, 0, 0), (1, 25, 2), (2, 0, 0), (3, 100, 8)]);
    }
}
