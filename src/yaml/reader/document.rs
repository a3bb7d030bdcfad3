//! A file: its characters, its directives, its first document.

use super::properties::is_word;
use super::{Read, Reader, Refusal};
use crate::error::{Error, Result, quote};
use crate::yaml::Node;

/// The first document of `text`, and the line in which the second starts; whatever stands in front of
/// that has to be right.
///
/// # Errors
/// As of [`crate::yaml::parse`].
pub(in crate::yaml) fn parse(text: &str, file: &str) -> Result<(Node, Option<usize>)> {
    Reader::new(text, file).whole().map_err(|Refusal(error)| *error)
}

impl<'a> Reader<'a> {
    fn whole(mut self) -> Read<(Node, Option<usize>)> {
        self.check_printable()?;
        self.skip();
        if self.peek().is_none() {
            let empty = format!("{} is empty", quote(self.file));
            return Err(Refusal(Box::new(Error::refused(empty))));
        }
        let root = self.document()?;
        self.check_value(&root)?;
        let next = self.document_end()?;
        Ok((root, next))
    }

    /// `check_printable`.
    fn check_printable(&self) -> Read<()> {
        let usual = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
        if self.text.bytes().all(usual) {
            return Ok(());
        }
        let refused = |c: char| {
            c < ' ' && !matches!(c, '\t' | '\n' | '\r')
                || matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
        };
        let Some((at, c)) = self.text.char_indices().find(|(_, c)| refused(*c)) else {
            return Ok(());
        };
        let code = u32::from(c);
        let why =
            format!("the character U+{code:04X} cannot stand here: escape it, in double quotes");
        Err(self.refuse(at, &why))
    }

    /// Whether no document goes on here: a directive, `---`, `...` or the text's end
    /// (`check_directive`, `check_document_start`, `check_document_end`).
    pub(super) fn is_at_end(&self) -> bool {
        match self.peek() {
            None => true,
            Some(b'%') => self.at == self.line_start,
            Some(b'-' | b'.') => self.is_marker(),
            _ => false,
        }
    }

    /// Whether a line starts here with `---` or `...`.
    pub(super) fn is_marker(&self) -> bool {
        self.at == self.line_start
            && ["---", "..."].contains(&self.slice(self.at, self.at + 3))
            && self.is_blank(self.at + 3)
    }

    /// `parse_implicit_document_start`, `parse_document_content`.
    fn document(&mut self) -> Read<Node> {
        if self.peek() == Some(b'%') && self.is_at_end() || self.is_at_start() {
            self.document_start()?;
        } else if self.is_at_end() {
            return Err(self.refuse(self.at, "a document ends here that did not start"));
        }
        self.block_node(0, false)
    }

    fn is_at_start(&self) -> bool {
        self.peek() == Some(b'-') && self.is_marker()
    }

    /// Directives and `---`, behind which no block collection starts: `process_directives`.
    fn document_start(&mut self) -> Read<()> {
        self.handles.clear();
        let mut has_version = false;
        while self.peek() == Some(b'%') && self.at == self.line_start {
            self.directive(&mut has_version)?;
            self.skip();
        }
        if !self.is_at_start() {
            return Err(self.refuse(self.at, "a document starts with a line `---`"));
        }
        self.at += 3;
        self.may_start = false;
        self.skip();
        Ok(())
    }

    /// What follows the first document: the text's end, or the start of another
    /// (`parse_document_start`).
    fn document_end(&mut self) -> Read<Option<usize>> {
        if !self.is_at_end() {
            return Err(self.unexpected());
        }
        while self.is_at_end() && self.peek() == Some(b'.') {
            self.at += 3;
            self.skip();
        }
        if self.peek().is_none() {
            return Ok(None);
        }
        let line = self.line;
        self.document_start().map(|()| Some(line))
    }

    /// `scan_directive`.
    fn directive(&mut self, has_version: &mut bool) -> Read<()> {
        let start = self.at;
        self.at += 1;
        let name = self.word();
        let broken = |reader: &Self| reader.refuse(start, "this directive is not complete");
        if name.is_empty() || !self.ends_directive() {
            return Err(broken(self));
        }
        match name {
            "YAML" => {
                self.skip_spaces();
                let major = self.digits();
                let is_complete = self.peek() == Some(b'.');
                self.at += usize::from(is_complete);
                let minor = self.digits();
                if !is_complete || major.is_empty() || minor.is_empty() || !self.ends_directive() {
                    return Err(broken(self));
                }
                if major.trim_start_matches('0') != "1" || std::mem::replace(has_version, true) {
                    return Err(self.refuse(start, "only `%YAML 1.1` is read, once"));
                }
            }
            "TAG" => {
                self.skip_spaces();
                let handle = self.tag_handle()?;
                if self.peek() != Some(b' ') {
                    return Err(broken(self));
                }
                self.skip_spaces();
                let prefix = self.tag_uri()?;
                if !self.ends_directive() || self.handles.iter().any(|(name, _)| *name == handle) {
                    return Err(broken(self));
                }
                self.handles.push((handle, prefix));
            }
            _ => self.skip_line(),
        }
        self.ignored_line()
    }

    fn ends_directive(&self) -> bool {
        self.is_blank(self.at) && self.peek() != Some(b'\t')
    }

    fn digits(&mut self) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.slice(start, self.at)
    }

    /// The characters of a name: of a directive, an anchor or a handle.
    pub(super) fn word(&mut self) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(is_word) {
            self.at += 1;
        }
        self.slice(start, self.at)
    }

    /// The rest of a line that may only hold a comment: `scan_directive_ignored_line`,
    /// `scan_block_scalar_ignored_line`.
    pub(super) fn ignored_line(&mut self) -> Read<()> {
        self.skip_spaces();
        if self.peek() == Some(b'#') {
            self.skip_line();
        }
        if self.peek().is_some() && !self.end_line() {
            return Err(self.refuse(self.at, "only a comment may follow in this line"));
        }
        Ok(())
    }
}
