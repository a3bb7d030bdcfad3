//! The unified format of `diff -u`.
//! <https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html>

use std::fmt::Write as _;

use similar::TextDiff;

/// The difference between `old` and `new`, as a patch for the file `name`; empty if there is none.
pub(super) fn unified(name: &str, old: &str, new: &str) -> String {
    let name = file_name(name);
    TextDiff::from_lines(old, new).unified_diff().header(&name, &name).to_string()
}

/// A name as `patch` reads it: a blank in it needs a tab after it, a control character or quote
/// needs quotes.
fn file_name(name: &str) -> String {
    if name.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
        let mut quoted = String::from("\"");
        for byte in name.bytes() {
            match byte {
                b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
                b' '..=b'~' => quoted.push(char::from(byte)),
                _ => {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
        }
        quoted.push('"');
        quoted
    } else if name.contains(' ') {
        format!("{name}\t")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_diff_writes_it() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12";
        for (edits, expected) in [
            (&[][..], ""),
            (&[("2\n", "")], "@@ -1,5 +1,4 @@\n 1\n-2\n 3\n 4\n 5\n"),
            (
                &[("2", "x"), ("10", "y"), ("12", "z")],
                "@@ -1,5 +1,5 @@\n 1\n-2\n+x\n 3\n 4\n 5\n@@ -7,6 +7,6 @@\n 7\n 8\n 9\n-10\n+y\n 11\n\
                 -12\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n",
            ),
        ] {
            let new = edits.iter().fold(old.to_owned(), |new, (a, b)| new.replacen(a, b, 1));
            let diff = unified("f", old, &new);
            assert_eq!(diff.strip_prefix("--- f\n+++ f\n").unwrap_or(&diff), expected, "{edits:?}");
        }
        assert_eq!(file_name("a b"), "a b\t");
        assert_eq!(file_name("a\n\"é"), "\"a\\012\\\"\\303\\251\"");
    }
}
