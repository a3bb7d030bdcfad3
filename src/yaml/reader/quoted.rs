//! Scalars in quotes: `scan_flow_scalar`.

use super::{Read, Reader};
use crate::yaml::Kind;

impl Reader<'_> {
    /// A scalar in single or double quotes. Its lines may be indented by anything.
    pub(super) fn quoted(&mut self) -> Read<Kind> {
        let open = self.at;
        let quote = self.peek();
        let is_double = quote == Some(b'"');
        let mut text = String::new();
        self.at += 1;
        let mut from = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'\'' if !is_double && self.byte(self.at + 1) == quote => {
                    self.at += 1;
                    text.push_str(self.slice(from, self.at));
                    self.at += 1;
                    from = self.at;
                }
                b'\'' | b'"' if Some(byte) == quote => {
                    let rest = self.slice(from, self.at);
                    // Mostly the whole: then nothing needs to grow.
                    if text.is_empty() {
                        text = String::from(rest);
                    } else {
                        text.push_str(rest);
                    }
                    self.at += 1;
                    return Ok(Kind::Scalar { text, plain: false });
                }
                b'\\' if is_double => {
                    text.push_str(self.slice(from, self.at));
                    self.escape(&mut text)?;
                    from = self.at;
                }
                b'\n' | b'\r' | 0xc2 | 0xe2 if self.break_at(self.at) > 0 => {
                    text.push_str(self.slice(from, self.at).trim_end_matches([' ', '\t']));
                    self.fold(&mut text)?;
                    from = self.at;
                }
                _ => self.at += 1,
            }
        }
        Err(self.refuse(open, "this quote is not closed"))
    }

    /// A line break is a blank, unless empty lines follow it: `scan_flow_scalar_spaces`.
    fn fold(&mut self, text: &mut String) -> Read<()> {
        let first = self.line_break();
        if first != "\n" {
            text.push_str(first);
        }
        let length = text.len();
        self.empty_lines(text)?;
        if first == "\n" && text.len() == length {
            text.push(' ');
        }
        Ok(())
    }

    /// `scan_flow_scalar_breaks`.
    fn empty_lines(&mut self, text: &mut String) -> Read<()> {
        loop {
            if self.is_marker() {
                return Err(self.refuse(self.at, "a document cannot end inside of quotes"));
            }
            while matches!(self.peek(), Some(b' ' | b'\t')) {
                self.at += 1;
            }
            match self.line_break() {
                "" => return Ok(()),
                line_break => text.push_str(line_break),
            }
        }
    }

    /// A backslash and what it escapes: `ESCAPE_REPLACEMENTS`, `ESCAPE_CODES`.
    fn escape(&mut self, text: &mut String) -> Read<()> {
        self.at += 1;
        if !self.line_break().is_empty() {
            return self.empty_lines(text);
        }
        let c = match self.peek() {
            Some(b'0') => '\0',
            Some(b'a') => '\u{7}',
            Some(b'b') => '\u{8}',
            Some(b't' | b'\t') => '\t',
            Some(b'n') => '\n',
            Some(b'v') => '\u{b}',
            Some(b'f') => '\u{c}',
            Some(b'r') => '\r',
            Some(b'e') => '\u{1b}',
            Some(byte @ (b' ' | b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'N') => '\u{85}',
            Some(b'_') => '\u{a0}',
            Some(b'L') => '\u{2028}',
            Some(b'P') => '\u{2029}',
            Some(b'x') => self.coded(2)?,
            Some(b'u') => self.coded(4)?,
            Some(b'U') => self.coded(8)?,
            _ => {
                let why = "no such escape: a backslash in double quotes is `\\\\`";
                return Err(self.refuse(self.at - 1, why));
            }
        };
        self.at += 1;
        text.push(c);
        Ok(())
    }

    /// The character that so many hexadecimal digits say; goes on to the last of them.
    fn coded(&mut self, count: usize) -> Read<char> {
        let start = self.at - 1;
        let digits = self.slice(self.at + 1, self.at + 1 + count);
        if digits.len() != count || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            let why = match count {
                2 => "`\\x` takes two hexadecimal digits",
                4 => "`\\u` takes four hexadecimal digits",
                _ => "`\\U` takes eight hexadecimal digits",
            };
            return Err(self.refuse(start, why));
        }
        self.at += count;
        let code = u32::from_str_radix(digits, 16).unwrap_or(u32::MAX);
        char::from_u32(code).ok_or_else(|| {
            let why = if code < 0x11_0000 {
                "this is half of a character, a surrogate: `\\U` takes the whole"
            } else {
                "there is no such character"
            };
            self.refuse(start, why)
        })
    }
}
