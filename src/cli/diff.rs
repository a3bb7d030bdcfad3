//! The unified format of `diff -u`, made from the edits themselves: they are local, so nothing has
//! to be compared. <https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html>

use std::fmt::Write as _;

use crate::kfp::rewrite::{Edit, apply};

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// The difference between `old` and `old` with `edits`, which are in order and do not overlap, as
/// a patch for the file `name`; empty if there is none.
pub(super) fn unified(name: &str, old: &str, edits: &[Edit]) -> String {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let changes = changes(old, &lines, edits);
    if changes.is_empty() {
        return String::new();
    }
    let name = file_name(name);
    let mut out = format!("--- {name}\n+++ {name}\n");
    let mut shift = 0;
    let mut rest = changes.as_slice();
    while !rest.is_empty() {
        let near = |pair: &[Change]| match pair {
            [a, b] => b.first - (a.first + a.old.len()) <= 2 * CONTEXT,
            _ => false,
        };
        let count = 1 + rest.windows(2).take_while(|pair| near(pair)).count();
        let (hunk, others) = rest.split_at(count.min(rest.len()));
        write_hunk(&mut out, &lines, hunk, &mut shift);
        rest = others;
    }
    out
}

/// Lines that become other lines.
struct Change<'a> {
    /// The index of the first.
    first: usize,
    old: Vec<&'a str>,
    new: Vec<String>,
}

fn changes<'a>(old: &'a str, lines: &[&'a str], edits: &[Edit]) -> Vec<Change<'a>> {
    let mut starts = vec![0];
    for line in lines {
        starts.push(starts.last().unwrap_or(&0) + line.len());
    }
    let start_of = |line: usize| starts.get(line).copied().unwrap_or(old.len());
    // The line of a byte; the end of a deleted line belongs to it and not to the next one.
    let line_of = |byte: usize| starts.partition_point(|start| *start <= byte).saturating_sub(1);
    let mut changes: Vec<Change> = Vec::new();
    let mut rest = edits;
    while let Some(first) = rest.first() {
        let from = line_of(first.range.start);
        let mut to = from + 1;
        let mut count = 0;
        while let Some(edit) = rest.get(count)
            && (count == 0 || line_of(edit.range.start) < to)
        {
            to = to.max(line_of(edit.range.end.saturating_sub(1)) + 1);
            count += 1;
        }
        let (these, others) = rest.split_at(count);
        rest = others;
        let (from_byte, to_byte) = (start_of(from), start_of(to));
        let inside: Vec<Edit> = these
            .iter()
            .map(|edit| Edit {
                range: edit.range.start - from_byte..edit.range.end - from_byte,
                text: edit.text.clone(),
            })
            .collect();
        let text = apply(old.get(from_byte..to_byte).unwrap_or_default(), &inside);
        let new = text.split_inclusive('\n').map(str::to_owned).collect();
        let old = lines.get(from..to).unwrap_or_default().to_vec();
        changes.push(Change { first: from, old, new });
    }
    changes
}

/// Writes one `@@` with `changes` and what is around them; `shift` is by how many lines the new
/// file is ahead.
fn write_hunk(out: &mut String, lines: &[&str], changes: &[Change], shift: &mut isize) {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
        return;
    };
    let from = first.first.saturating_sub(CONTEXT);
    let to = (last.first + last.old.len() + CONTEXT).min(lines.len());
    let gone: usize = changes.iter().map(|change| change.old.len()).sum();
    let come: usize = changes.iter().map(|change| change.new.len()).sum();
    let new_from = from.saturating_add_signed(*shift);
    let (old_count, new_count) = (to - from, to - from - gone + come);
    *shift += come.cast_signed() - gone.cast_signed();
    let _ = writeln!(out, "@@ -{} +{} @@", range(from, old_count), range(new_from, new_count));
    let mut at = from;
    for change in changes {
        for line in lines.get(at..change.first).unwrap_or_default() {
            write_line(out, ' ', line);
        }
        for line in &change.old {
            write_line(out, '-', line);
        }
        for line in &change.new {
            write_line(out, '+', line);
        }
        at = change.first + change.old.len();
    }
    for line in lines.get(at..to).unwrap_or_default() {
        write_line(out, ' ', line);
    }
}

/// `first,count`, from 1; of no lines, the line in front; a count of 1 is not written.
fn range(first: usize, count: usize) -> String {
    match count {
        0 => format!("{first},0"),
        1 => format!("{}", first + 1),
        _ => format!("{},{count}", first + 1),
    }
}

fn write_line(out: &mut String, mark: char, line: &str) {
    out.push(mark);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

/// A name as `patch` reads it: a blank in it needs a tab behind it, a control character or quote
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
    fn hunks_are_as_diff_writes_them() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12";
        let edit = |from: &str, to: &str| {
            let start = old.find(from).unwrap();
            Edit { range: start..start + from.len(), text: to.to_owned() }
        };
        for (edits, expected) in [
            (vec![], ""),
            (vec![edit("2\n", "")], "@@ -1,5 +1,4 @@\n 1\n-2\n 3\n 4\n 5\n"),
            (vec![edit("1\n2\n", "")], "@@ -1,5 +1,3 @@\n-1\n-2\n 3\n 4\n 5\n"),
            (
                vec![edit("2", "x"), edit("10", "y"), edit("12", "z")],
                "@@ -1,5 +1,5 @@\n 1\n-2\n+x\n 3\n 4\n 5\n@@ -7,6 +7,6 @@\n 7\n 8\n 9\n-10\n+y\n 11\n\
                 -12\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n",
            ),
            (
                vec![edit("4\n5", "x"), edit("8", "y\n")],
                "@@ -1,11 +1,11 @@\n 1\n 2\n 3\n-4\n-5\n+x\n 6\n 7\n-8\n+y\n+\n 9\n 10\n 11\n",
            ),
            (vec![edit(old, "")], "@@ -1,12 +0,0 @@\n"),
        ] {
            let diff = unified("f", old, &edits);
            let body = diff.strip_prefix("--- f\n+++ f\n").unwrap_or(&diff);
            assert!(body.starts_with(expected), "{edits:?}: {diff}");
        }
        assert_eq!(file_name("a b"), "a b\t");
        assert_eq!(file_name("a\n\"é"), "\"a\\012\\\"\\303\\251\"");
    }
}
