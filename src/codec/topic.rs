//! Topic names and filters: validation and matching, byte by byte.
//!
//! Owns section 4.7 of the specification and the `$share/group/filter` form. Never allocates,
//! never normalises: two topics are the same when their bytes are. (`mqttbytes`
//! checks and matches topics too, but panics on non-ASCII ones.)
//!
//! An error is the end of a sentence that begins with the topic: "the topic" + "must not be empty".

use super::strings::MAX_LENGTH;

const SHARE: &str = "$share/";

/// Checks a topic name: whether a message may be published to it.
pub fn check_name(topic: &str) -> Result<(), &'static str> {
    check_string(topic)?;
    if topic.bytes().any(|byte| byte == b'+' || byte == b'#') {
        return Err("must not contain the wildcards + and #");
    }
    Ok(())
}

/// Whether a topic name may be received. Control characters but U+0000 should not be in one, but a retained message that
/// has one would otherwise keep every subscriber from all others (§1.5.3).
pub fn is_received_name(topic: &str) -> bool {
    for byte in topic.bytes() {
        if matches!(byte, 0 | b'+' | b'#') {
            return false;
        }
    }
    true
}

/// Checks a topic filter: whether it may be subscribed to.
pub fn check_filter(filter: &str) -> Result<(), &'static str> {
    check_string(filter)?;
    let mut filter = filter;
    if let Some(rest) = filter.strip_prefix(SHARE) {
        let (group, behind) = group_of(rest).ok_or("must have the form $share/group/filter")?;
        if group.is_empty() {
            return Err("must name the group behind $share/");
        }
        if group.bytes().any(|byte| byte == b'+' || byte == b'#') {
            return Err("must not contain a wildcard in the group behind $share/");
        }
        if behind.is_empty() {
            return Err("must have a filter behind $share/group/");
        }
        filter = behind;
    }
    check_levels(filter.as_bytes())
}

fn check_string(string: &str) -> Result<(), &'static str> {
    if string.is_empty() {
        return Err("must not be empty");
    }
    if string.len() > MAX_LENGTH {
        return Err("is longer than 65,535 bytes");
    }
    if has_control(string) {
        return Err("must not contain U+0000 or another control character");
    }
    Ok(())
}

/// U+0000 must not be in a string; the other control characters (to U+001F, and U+007F to U+009F) should
/// not, and a receiver may refuse them (§1.5.4).
fn has_control(string: &str) -> bool {
    let mut before = 0;
    string.bytes().any(|byte| {
        let second = std::mem::replace(&mut before, byte) == 0xc2;
        byte < 0x20 || byte == 0x7f || second && byte < 0xa0
    })
}

/// A wildcard occupies a whole level, and `#` the last one.
fn check_levels(filter: &[u8]) -> Result<(), &'static str> {
    let mut before = b'/';
    let mut bytes = filter.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let next = bytes.peek().copied();
        match byte {
            b'+' if before != b'/' || next.is_some_and(|next| next != b'/') => {
                return Err("must have the wildcard + alone in its level");
            }
            b'#' if before != b'/' || next.is_some() => {
                return Err("must have the wildcard # alone in the last level");
            }
            _ => before = byte,
        }
    }
    Ok(())
}

/// The text behind `$share/` split into the group and the filter.
fn group_of(shared: &str) -> Option<(&str, &str)> {
    let end = shared.bytes().position(|byte| byte == b'/')?;
    Some((&shared[..end], &shared[end + 1..]))
}

/// The filter behind `$share/group/`, or the filter itself where it is not shared.
pub fn shared(filter: &str) -> &str {
    filter
        .strip_prefix(SHARE)
        .and_then(group_of)
        .map_or(filter, |(_, behind)| behind)
}

/// Whether a message with this topic matches this filter. Both have been checked.
pub fn matches(filter: &str, topic: &str) -> bool {
    let filter = shared(filter).as_bytes();
    let topic = topic.as_bytes();
    if let (Some(b'$'), Some(b'+' | b'#')) = (topic.first(), filter.first()) {
        return false; // [MQTT-4.7.2-1]
    }
    let mut at = 0;
    for (i, &wanted) in filter.iter().enumerate() {
        match wanted {
            b'#' => return true,
            b'+' => {
                while topic.get(at).is_some_and(|&byte| byte != b'/') {
                    at += 1;
                }
            }
            _ => match topic.get(at) {
                Some(&byte) if byte == wanted => at += 1,
                Some(_) => return false,
                // `a/#` is also `a`.
                None => return filter.get(i..) == Some(b"/#"),
            },
        }
    }
    at == topic.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let longest = "a".repeat(65_535);
        for good in [
            "a",
            "/",
            "//",
            "a/",
            "/a",
            "a b",
            "$SYS/x",
            "é/日本",
            "\u{a0}\u{df}\u{2080}",
            "$share/g/x",
            &longest,
        ] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let wildcards = Err("must not contain the wildcards + and #");
        for bad in ["+", "#", "a/+", "a+b", "a/#", "日#"] {
            assert_eq!(check_name(bad), wildcards, "{bad}");
        }
        assert_eq!(check_name(""), Err("must not be empty"));
        assert_eq!(
            check_name("a\0"),
            Err("must not contain U+0000 or another control character")
        );
        for bad in ["\u{1}", "a\u{1f}", "\u{7f}b", "\u{80}", "é\u{9f}"] {
            assert!(check_name(bad).is_err() && check_filter(bad).is_err(), "{bad:?}");
        }
        let too_long = check_name(&"é".repeat(32_768));
        assert_eq!(too_long, Err("is longer than 65,535 bytes"));
    }

    #[test]
    fn filters() {
        let good = "
            a / # + +/+ /+ +/ // a/# +/# /# a/+/b a/+/# a//b $SYS/# 日本/+ $share $shared/g
            $share/g/a $share/g/# $share/g// $share/g/+/b $share/日/a $share/g/$SYS/#";
        let bad = "
            a+ +a +a/b a/b+ a/+b ++ a# #/ #/a ## a/#/b +# #+ a\0 日+ $share/ $share// $share//a
            $share/g $share/g/ $share/+/a $share/g#/a $share/g+/a $share/#/a $share/# $share/+
            $share/g/a+ $share/g/#/a";
        for filter in good.split_whitespace() {
            assert_eq!(check_filter(filter), Ok(()), "{filter}");
        }
        for filter in bad.split_whitespace() {
            assert!(check_filter(filter).is_err(), "{filter}");
        }
        assert_eq!(check_filter("a b/+"), Ok(()));
        assert_eq!(check_filter(&("+/".repeat(32_767) + "#")), Ok(()));
        assert!(check_filter(&"a".repeat(65_536)).is_err());
        assert!(check_filter("").is_err());
    }

    #[test]
    fn shares() {
        assert_eq!(shared("$share/g/a/b"), "a/b");
        assert_eq!(shared("$share/g//b"), "/b");
        for itself in ["a/b", "$share", "$share/g", "$shared/g/a", "", "/$share/g/a"] {
            assert_eq!(shared(itself), itself);
        }
    }

    /// Section 4.7 of the specification, and what other matchers got wrong: filter=topic.
    #[test]
    fn matching() {
        let yes = "
            a=a a/b=a/b /=/ //=// sport/#=sport sport/#=sport/a sport/#=sport/a/b a/#=a/ #=a #=/
            #=a/b/c /#=/ /#=/a +=a sport/+=sport/ sport/+=sport/a +/+=/finance /+=/finance +/+=/
            +/=a/ +/=/ a/+/c=a//c a/+/c=a/b/c +/b/#=a/b +/#=a +/#=a/b/c +/+/#=a/b a/#=a/$SYS
            $SYS/#=$SYS $SYS/#=$SYS/x $SYS/+=$SYS/x +/$x=a/$x +/a=é/a #=日本 日本/+/x=日本/é/x
            $share/g/a/+=a/b $share/g/#=a $share/g/$SYS/#=$SYS/x $share=$share";
        let no = "
            a=A a=b a=a/ a=/a a/=a a/b=a a=ab ab=a a/#=ab a/#=b a/#=b/a /#=a sport/+=sport/a/b
            sport/+=sport +=/finance +=a/b +/+=a +/+=a/b/c a/+/c=a/c +/b/#=a a/+/#=a é=e
            #=$SYS/x #=$SYS +=$SYS +/x=$SYS/x +/#=$SYS/x $SYS/#=$SYSTEM $share/g/#=$SYS/x
            $share/g/+/x=$SYS/x $share/g/a=b $share/g/a=$share/g/a";
        for (table, wanted) in [(yes, true), (no, false)] {
            for pair in table.split_whitespace() {
                let (filter, topic) = pair.split_once('=').unwrap();
                assert_eq!(check_filter(filter), Ok(()), "{pair}");
                assert_eq!(check_name(topic), Ok(()), "{pair}");
                assert_eq!(matches(filter, topic), wanted, "{pair}");
            }
        }
    }

    /// A matcher that compares level by level, against all short filters and topics.
    #[test]
    fn matching_agrees_with_a_matcher_by_levels() {
        fn by_levels(filter: &str, topic: &str) -> bool {
            if topic.starts_with('$') && filter.starts_with(['+', '#']) {
                return false;
            }
            let mut topic = topic.split('/');
            for level in filter.split('/') {
                match (level, topic.next()) {
                    ("#", _) => return true,
                    ("+", Some(_)) => {}
                    (wanted, Some(found)) if wanted == found => {}
                    _ => return false,
                }
            }
            topic.next().is_none()
        }
        fn words(letters: &[&str], longest: usize) -> Vec<String> {
            let mut all = vec![String::new()];
            let mut from = 0;
            for _ in 0..longest {
                let shorter = all.split_off(from);
                from += shorter.len();
                all.extend_from_slice(&shorter);
                for word in &shorter {
                    all.extend(letters.iter().map(|letter| word.clone() + letter));
                }
            }
            all
        }
        let topics = words(&["a", "/", "$", "é"], 4);
        for filter in words(&["a", "/", "$", "+", "#", "é"], 5) {
            if check_filter(&filter).is_err() {
                continue;
            }
            for topic in topics.iter().filter(|topic| check_name(topic).is_ok()) {
                assert_eq!(
                    matches(&filter, topic),
                    by_levels(&filter, topic),
                    "{filter} {topic}"
                );
            }
        }
    }
}
