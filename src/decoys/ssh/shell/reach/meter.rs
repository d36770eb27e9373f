//! curl's progress meter, as it stands in a file of its error output.

/// The head and the first line, before anything came.
pub(super) const START: &str = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";

/// The line of a transfer that did not begin.
pub(super) const NOTHING: &str =
    "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n";

/// The last line: bytes down, bytes up, microseconds.
pub(super) fn last(down: usize, up: usize, micros: u64) -> String {
    let rate = |bytes: usize| u64::try_from(bytes).unwrap_or(0) * 1_000_000 / micros.max(1);
    let part = |bytes: usize| if bytes > 0 { 100 } else { 0 };
    format!(
        "\r{:>3} {:>5}  {:>3} {:>5}  {:>3} {:>5}  {:>5}  {:>5} --:--:-- --:--:-- --:--:-- {:>5}\n",
        part(down + up),
        short(down + up),
        part(down),
        short(down),
        part(up),
        short(up),
        quick(rate(down)),
        quick(rate(up)),
        quick(rate(down + up))
    )
}

fn short(bytes: usize) -> String {
    quick(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// A number in five places.
fn quick(number: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match number {
        0..100_000 => number.to_string(),
        100_000..10_240_000 => format!("{}k", number / KIB),
        10_240_000..104_857_600 => format!("{}.{}M", number / MIB, number % MIB * 10 / MIB),
        _ => format!("{}M", number / MIB),
    }
}
