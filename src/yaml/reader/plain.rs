//! Plain scalars: `check_plain`, `scan_plain`.

use super::{Read, Reader};
use crate::yaml::Kind;

impl Reader<'_> {
    /// A scalar without quotes, which may go on in lines that are indented by `parent` at least,
    /// and in flow context by anything; and the byte that it ends in front of.
    pub(super) fn plain(&mut self, parent: usize, in_flow: bool) -> Read<(Kind, usize)> {
        if !self.starts_plain(in_flow) {
            return Err(self.unexpected());
        }
        let start = self.at;
        let mut end = self.plain_line(in_flow);
        self.may_start = false;
        let mut text = self.slice(start, end).to_owned();
        while self.end_plain_line(&mut text, parent, in_flow) {
            let start = self.at;
            end = self.plain_line(in_flow);
            self.may_start = false;
            text.push_str(self.slice(start, end));
        }
        Ok((Kind::Scalar { text, plain: true }, end))
    }

    fn starts_plain(&self, in_flow: bool) -> bool {
        match self.peek() {
            Some(b'-') => !self.is_blank(self.at + 1),
            Some(b'?' | b':') => !in_flow && !self.is_blank(self.at + 1),
            None
            | Some(
                b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
                | b'"' | b'%' | b'@' | b'`' | b'\t',
            ) => false,
            _ => true,
        }
    }

    /// Reads what is in this line, with the blanks behind it; gives where it ends.
    fn plain_line(&mut self, in_flow: bool) -> usize {
        let mut at = self.at;
        let mut end = at;
        while let Some(byte) = self.byte(at) {
            match byte {
                // Nearly all are letters: the rest is looked at after these.
                _ if byte.is_ascii_lowercase() => {}
                b' ' => {
                    at += 1;
                    continue;
                }
                b'\n' | b'\r' | b'\t' => break,
                0xc2 | 0xe2 if self.break_at(at) > 0 => break,
                b'#' if end < at => break,
                b':' if self.ends_key(at + 1, in_flow) => break,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if in_flow => break,
                _ => {}
            }
            at += 1;
            end = at;
        }
        self.at = at;
        end
    }

    /// Whether a colon in front of the byte `at` ends a plain scalar.
    fn ends_key(&self, at: usize, in_flow: bool) -> bool {
        self.is_blank(at)
            || in_flow && matches!(self.byte(at), Some(b',' | b'[' | b']' | b'{' | b'}'))
    }

    /// Goes on to the line in which the scalar goes on, and folds the line breaks; whether there is
    /// one (`scan_plain_spaces`).
    fn end_plain_line(&mut self, text: &mut String, parent: usize, in_flow: bool) -> bool {
        let first = self.line_break();
        if first.is_empty() {
            return false;
        }
        self.may_start = true;
        let mut breaks = String::new();
        loop {
            if self.is_marker() {
                return false;
            }
            self.skip_spaces();
            match self.line_break() {
                "" => break,
                another => breaks.push_str(another),
            }
        }
        let goes_on = match self.peek() {
            None | Some(b'#' | b'\t') => false,
            Some(b':') if self.ends_key(self.at + 1, in_flow) => false,
            Some(b',' | b'?' | b'[' | b']' | b'{' | b'}') if in_flow => false,
            _ => in_flow || self.indentation() >= parent,
        };
        if goes_on {
            text.push_str(match first {
                "\n" if breaks.is_empty() => " ",
                "\n" => "",
                other => other,
            });
            text.push_str(&breaks);
        }
        goes_on
    }
}
