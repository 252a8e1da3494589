//! Stand-ins for `std`, for the sake of bytes: formatting of error sentences without `core::fmt`, which would be a
//! fifth of the wasm; search for a character without `core::str::pattern`, a fiftieth; and a sort without
//! `sort_unstable`, 1.6 KiB. Each has the name of what it replaces.

/// Where the first of these ASCII characters is.
#[inline(never)]
pub fn find(text: &str, byte: u8) -> Option<usize> {
    text.bytes().position(|one| one == byte)
}

/// The text before the first of these ASCII characters; all of it if there is none.
pub fn before(text: &str, byte: u8) -> &str {
    split_once(text, byte).0
}

/// The text before and behind the first of these ASCII characters; nothing behind if there is none.
#[inline(never)]
pub fn split_once(text: &str, byte: u8) -> (&str, Option<&str>) {
    match find(text, byte) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Replaces each `%` in `template` with the next of `args`.
#[inline(never)]
pub fn format(template: &str, args: &[&str]) -> String {
    debug_assert_eq!(template.matches('%').count(), args.len(), "{template}");
    let mut all = String::new();
    let mut rest = template;
    for arg in args {
        let (before, behind) = split_once(rest, b'%');
        all.push_str(before);
        all.push_str(arg);
        rest = behind.unwrap_or_default();
    }
    all.push_str(rest);
    all
}

/// Sorts ranks with what has them, lowest first. Shell's method: nearly sorted input, as queues are, takes a few passes.
#[inline(never)]
pub fn sort(items: &mut [(u64, u32)]) {
    let mut gap = items.len();
    while gap > 1 {
        gap = (gap * 5 / 11).max(1);
        for from in gap..items.len() {
            let mut at = from;
            while at >= gap && items[at - gap] > items[at] {
                items.swap(at - gap, at);
                at -= gap;
            }
        }
    }
}

/// A whole number.
pub fn count(n: usize) -> String {
    digits(n as u64)
}

/// Milliseconds as seconds.
pub fn seconds(millis: u64) -> String {
    number(millis as f64 / 1000.0)
}

/// A number as a user may have given it, to three decimals.
pub fn number(n: f64) -> String {
    if n.is_nan() {
        return "NaN".into();
    }
    let sign = if n < 0.0 { "-" } else { "" };
    let size = n.abs();
    if size >= 1e15 {
        let name = if n.is_infinite() {
            "Infinity"
        } else {
            "1e15 or more"
        };
        return format("%%", &[sign, name]);
    }
    let thousandths = (size * 1000.0 + 0.5) as u64;
    let mut rest = thousandths % 1000;
    let point = if rest > 0 { "." } else { "" };
    let mut text = format("%%%", &[sign, &digits(thousandths / 1000), point]);
    while rest > 0 {
        text.push_str(&digits(rest / 100));
        rest = rest % 100 * 10;
    }
    text
}

fn digits(n: u64) -> String {
    let mut text = match n {
        0..=9 => String::new(),
        _ => digits(n / 10),
    };
    let digit = [b'0' + (n % 10) as u8];
    text.push_str(std::str::from_utf8(&digit).unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_std_sorts() {
        let mut random = super::super::random::Random::new(5);
        for length in [0, 1, 2, 3, 10, 100, 1_000] {
            let mut ours: Vec<(u64, u32)> = (0..length as u32).map(|at| (random.up_to(length), at)).collect();
            let mut theirs = ours.clone();
            sort(&mut ours);
            theirs.sort_unstable();
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn says_what_std_says() {
        for n in [0.0, 1.0, -5.0, 0.25, 70000.0, 2147483.0, -0.001, 1234.5, 1.234] {
            assert_eq!(number(n), n.to_string());
        }
        for n in [0, 9, 10, 65_535, usize::MAX] {
            assert_eq!(count(n), n.to_string());
        }
        assert_eq!(seconds(1500), "1.5");
        assert_eq!(
            [number(f64::NAN), number(f64::NEG_INFINITY), number(1e300)],
            ["NaN", "-Infinity", "1e15 or more"]
        );
    }
}
