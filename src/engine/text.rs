//! Numbers as text for error sentences, without the formatting machinery of `std`, which would be a
//! fifth of the wasm; and looking for a character without its searchers, which would be a fiftieth.

/// Where the first of these ASCII characters is.
#[inline(never)]
pub fn find(text: &str, byte: u8) -> Option<usize> {
    text.bytes().position(|one| one == byte)
}

/// What comes before the first of these ASCII characters; all if there is none.
pub fn before(text: &str, byte: u8) -> &str {
    cut(text, byte).0
}

/// What comes before and what behind the first of these ASCII characters; nothing behind if there is none.
#[inline(never)]
pub fn cut(text: &str, byte: u8) -> (&str, Option<&str>) {
    match find(text, byte) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// A sentence of ours, with these parts in the places that it marks by `%`.
#[inline(never)]
pub fn compose(sentence: &str, parts: &[&str]) -> String {
    debug_assert_eq!(sentence.matches('%').count(), parts.len(), "{sentence}");
    let mut all = String::new();
    let mut rest = sentence;
    for part in parts {
        let (before, behind) = cut(rest, b'%');
        all.push_str(before);
        all.push_str(part);
        rest = behind.unwrap_or_default();
    }
    all.push_str(rest);
    all
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
        return compose("%%", &[sign, name]);
    }
    let thousandths = (size * 1000.0).round() as u64;
    let mut text = compose("%%", &[sign, &digits(thousandths / 1000)]);
    if thousandths % 1000 != 0 {
        let decimals = digits(1000 + thousandths % 1000);
        text.push('.');
        text.push_str(decimals[1..].trim_end_matches('0'));
    }
    text
}

fn digits(n: u64) -> String {
    let mut text = match n {
        0..=9 => String::new(),
        _ => digits(n / 10),
    };
    text.push((b'0' + (n % 10) as u8) as char);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

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
