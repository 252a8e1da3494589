//! Status codes of WebSocket close frames in words (RFC 6455, section 7.4.1, and IANA's registry).

const NAMES: [(u16, &str); 12] = [
    (1000, "normal closure"),
    (1001, "going away"),
    (1002, "protocol error"),
    (1003, "unsupported data"),
    (1007, "invalid payload data"),
    (1008, "policy violation"),
    (1009, "message too big"),
    (1010, "mandatory extension"),
    (1011, "internal error"),
    (1012, "service restart"),
    (1013, "try again later"),
    (1014, "bad gateway"),
];

/// What the payload of a close frame says; "" if that is nothing.
pub fn text(payload: &[u8]) -> String {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return String::new();
    };
    let code = u16::from_be_bytes(*code);
    let name = NAMES.iter().find(|(known, _)| *known == code);
    let name = name.map_or(
        if code < 4000 {
            "registered code"
        } else {
            "code of the broker's own"
        },
        |(_, name)| name,
    );
    let colon = if reason.is_empty() { "" } else { ": " };
    let reason = String::from_utf8_lossy(reason);
    format!("the WebSocket was closed with code {code} ({name}){colon}{reason}")
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn codes_have_names_and_reasons() {
        for (payload, expected) in [
            (&b""[..], ""),
            (
                b"\x03\xf5",
                "the WebSocket was closed with code 1013 (try again later)",
            ),
            (
                b"\x03\xf0over quota",
                "the WebSocket was closed with code 1008 (policy violation): over quota",
            ),
            (
                b"\x11\x31",
                "the WebSocket was closed with code 4401 (code of the broker's own)",
            ),
        ] {
            assert_eq!(text(payload), expected);
        }
    }
}
