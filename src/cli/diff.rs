//! The unified format of `diff -u`.
//! <https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html>

use std::fmt::{self, Write as _};

use imara_diff::{
    Algorithm, Diff, InternedInput, Interner, Token, UnifiedDiffConfig, UnifiedDiffPrinter,
};

/// The difference between `old` and `new`, as a patch for the file `name`; empty if there is none.
pub(super) fn unified(name: &str, old: &str, new: &str) -> String {
    let lines = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Myers, &lines);
    diff.postprocess_lines(&lines);
    let printer = Printer(&lines.interner);
    let hunks = diff.unified_diff(&printer, UnifiedDiffConfig::default(), &lines).to_string();
    if hunks.is_empty() {
        return hunks;
    }
    let name = file_name(name);
    format!("--- {name}\n+++ {name}\n{hunks}")
}

/// Writes hunks as GNU diff does: the library's own printer counts single lines, and says nothing of
/// a last line without an end.
struct Printer<'a>(&'a Interner<&'a str>);

impl Printer<'_> {
    fn lines(&self, mut f: impl fmt::Write, mark: char, lines: &[Token]) -> fmt::Result {
        for line in lines {
            let line = self.0[*line];
            let end = if line.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
            write!(f, "{mark}{line}{end}")?;
        }
        Ok(())
    }
}

impl UnifiedDiffPrinter for Printer<'_> {
    fn display_header(
        &self,
        mut f: impl fmt::Write,
        old: u32,
        new: u32,
        old_count: u32,
        new_count: u32,
    ) -> fmt::Result {
        // Of no lines, the line in front; a count of 1 is not written.
        let range = |start: u32, count: u32| match count {
            0 => format!("{start},0"),
            1 => (start + 1).to_string(),
            _ => format!("{},{count}", start + 1),
        };
        writeln!(f, "@@ -{} +{} @@", range(old, old_count), range(new, new_count))
    }

    fn display_context_token(&self, f: impl fmt::Write, line: Token) -> fmt::Result {
        self.lines(f, ' ', &[line])
    }

    fn display_hunk(&self, mut f: impl fmt::Write, old: &[Token], new: &[Token]) -> fmt::Result {
        self.lines(&mut f, '-', old)?;
        self.lines(f, '+', new)
    }
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
