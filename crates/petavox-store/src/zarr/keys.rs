//! Where a chunk's object lies below its array.

/// How a chunk's index becomes a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// `c` in front (v3's default encoding).
    pub(crate) has_prefix: bool,
    /// Between the numbers: `/` or `.`.
    pub(crate) separator: char,
}

impl Keys {
    /// The path of a chunk, with `/`.
    pub(crate) fn of(&self, index: &[usize]) -> String {
        let mut key = String::new();
        if self.has_prefix {
            key.push('c');
        }
        for i in index {
            if !key.is_empty() {
                key.push(self.separator);
            }
            key.push_str(&i.to_string());
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_both_formats() {
        let key = |has_prefix, separator| Keys { has_prefix, separator }.of(&[1, 0, 12]);
        assert_eq!(key(true, '/'), "c/1/0/12");
        assert_eq!(key(true, '.'), "c.1.0.12");
        assert_eq!(key(false, '.'), "1.0.12");
        assert_eq!(key(false, '/'), "1/0/12");
    }
}
