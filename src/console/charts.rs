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

/// A bar for each of `length` hours or days up to the last; `counts` has their numbers and how many.
pub(super) fn bars(counts: &[(i64, u64)], last: i64, length: i64, unit: &str) -> Vec<Bar> {
    let highest = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    (0..length)
        .map(|x| {
            let place = last - length + 1 + x;
            let count = counts.iter().find(|(at, _)| *at == place).map_or(0, |(_, count)| *count);
            let label = format!("−{} {unit}: {count}", length - 1 - x);
            Bar { x, height: count * 100 / highest, count, label }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bar_is_this_hour_and_gaps_are_empty() {
        let bars = bars(&[(98, 2), (100, 8)], 100, 4, "h");
        let shape: Vec<_> = bars.iter().map(|bar| (bar.x, bar.height, bar.count)).collect();
        assert_eq!(shape, [(0, 0, 0), (1, 25, 2), (2, 0, 0), (3, 100, 8)]);
    }
}
