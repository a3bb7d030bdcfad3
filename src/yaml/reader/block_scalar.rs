//! Block scalars, `|` and `>`: `scan_block_scalar`.

use super::properties::Properties;
use super::{Read, Reader};
use crate::yaml::Node;

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Reader<'_> {
    /// A block scalar in a collection whose content is indented by `parent` at least.
    pub(super) fn block_scalar(&mut self, properties: &Properties, parent: usize) -> Read<Node> {
        let mark = self.mark();
        let is_folded = self.peek() == Some(b'>');
        self.at += 1;
        let (chomping, indicated) = self.block_header()?;
        let least = parent.max(1);
        let mut breaks = String::new();
        let (indent, mut end) = match indicated {
            Some(more) => (least + more - 1, self.block_breaks(least + more - 1, &mut breaks)),
            None => self.block_indentation(least, &mut breaks),
        };
        let mut text = String::new();
        let mut line_break = "";
        while self.indentation() == indent && self.peek().is_some() {
            text.push_str(&breaks);
            breaks.clear();
            let is_text = !self.is_at_space();
            let start = self.at;
            self.skip_line();
            text.push_str(self.slice(start, self.at));
            line_break = self.line_break();
            end = self.block_breaks(indent, &mut breaks);
            if self.indentation() != indent || self.peek().is_none() {
                break;
            }
            if !(is_folded && line_break == "\n" && is_text && !self.is_at_space()) {
                text.push_str(line_break);
            } else if breaks.is_empty() {
                text.push(' ');
            }
        }
        if chomping != Chomping::Strip {
            text.push_str(line_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks);
        }
        self.may_start = true;
        self.skip();
        self.scalar(mark, properties, text, false, end)
    }

    fn is_at_space(&self) -> bool {
        matches!(self.peek(), Some(b' ' | b'\t'))
    }

    /// The indicators behind `|` and the rest of that line: `scan_block_scalar_indicators`.
    fn block_header(&mut self) -> Read<(Chomping, Option<usize>)> {
        let (mut chomping, mut indentation) = (None, None);
        loop {
            match self.peek() {
                Some(b'+') if chomping.is_none() => chomping = Some(Chomping::Keep),
                Some(b'-') if chomping.is_none() => chomping = Some(Chomping::Strip),
                Some(digit @ b'1'..=b'9') if indentation.is_none() => {
                    indentation = Some(usize::from(digit - b'0'));
                }
                _ => break,
            }
            self.at += 1;
        }
        if !self.is_blank(self.at) || self.peek() == Some(b'\t') {
            let why = "behind `|` and `>` follow `+` or `-`, an indentation from 1 to 9, and the text \
                       on the next line";
            return Err(self.refuse(self.at, why));
        }
        self.ignored_line()?;
        Ok((chomping.unwrap_or(Chomping::Clip), indentation))
    }

    /// The indentation of the first line with text, but `least`, and the byte in front of which the
    /// empty ones end: `scan_block_scalar_indentation`. Blanks in an empty line count, too.
    fn block_indentation(&mut self, least: usize, breaks: &mut String) -> (usize, usize) {
        let (mut most, mut end) = (least, self.at);
        loop {
            self.skip_spaces();
            most = most.max(self.indentation());
            match self.line_break() {
                "" => return (most, end),
                another => breaks.push_str(another),
            }
            end = self.at;
        }
    }

    /// Reads empty lines and the indentation of the next one; gives the byte in front of which they
    /// end: `scan_block_scalar_breaks`.
    fn block_breaks(&mut self, indent: usize, breaks: &mut String) -> usize {
        let mut end = self.at;
        loop {
            while self.indentation() < indent && self.peek() == Some(b' ') {
                self.at += 1;
            }
            match self.line_break() {
                "" => return end,
                another => breaks.push_str(another),
            }
            end = self.at;
        }
    }
}
