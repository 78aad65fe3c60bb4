//! Words that stand in addresses and cookies, where few characters may stand for themselves.

/// `text` with `%41` and the like for everything but letters, digits and `-._~`.
pub(crate) fn escaped(text: &str) -> String {
    let one = |byte: u8| {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(one).collect()
}

/// The bytes that an escaped text stands for; what is no escape stands for itself.
pub(crate) fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escape = (*first == b'%').then(|| after.split_at_checked(2)).flatten();
        match escape.and_then(|(digits, left)| Some((byte(digits)?, left))) {
            Some((byte, left)) => {
                out.push(byte);
                rest = left;
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

fn byte(digits: &[u8]) -> Option<u8> {
    let value = |d: &u8| char::from(*d).to_digit(16);
    let [high, low] = digits else { return None };
    u8::try_from(value(high)? * 16 + value(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back() {
        for text in ["", "plain-1._~", "a b+c/d&e=f%g;h\"", "%41", "µ²", "%", "%4", "%zz"] {
            assert_eq!(unescaped(&escaped(text)), text.as_bytes(), "{text}");
        }
        assert_eq!(escaped("a/b c"), "a%2Fb%20c");
        assert_eq!(unescaped("%4"), b"%4");
        assert_eq!(unescaped("100%+%zz%2f"), b"100%+%zz/");
    }
}
