//! The YAML that components are written in, read in one pass at each start.
//!
//! Block and flow collections, scalars on one line and `|` blocks, without anchors, tags, tabs or
//! several documents. [`parse`] gives exactly what `PyYAML` would, and so the full parser (the tests
//! name where that one differs), or `None`: whatever is rare, doubtful or broken is the full
//! parser's to read or to refuse. A component of 5 KB takes a third of its time this way, and a
//! container waits for it at each start.

use super::{Kind, MAX_DEPTH, MAX_NODES, Node};

/// The deepest nesting here.
const DEEPEST: usize = MAX_DEPTH / 2;
/// The longest key here, in bytes; YAML ends at 1,024 characters.
const LONGEST_KEY: usize = 256;

/// The document, if all of it is of this kind.
pub(super) fn parse(text: &str) -> Option<Node> {
    let ascii = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
    if !ascii && text.chars().any(is_unusual) || marks_document(text) {
        return None;
    }
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        line_start: 0,
        placed: Place { at: 0, column: 1 },
        nodes: 0,
        depth: 0,
    };
    reader.next_token();
    let root = reader.block(0)?;
    (reader.at == text.len()).then_some(root)
}

/// Tabs, other control characters, and what only some parsers take for the end of a line.
fn is_unusual(c: char) -> bool {
    c < ' ' && c != '\n' || matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether a line starts as a directive or as the start or end of a document do.
fn marks_document(text: &str) -> bool {
    let marks = ["---", "...", "%"];
    let inside = ["\n---", "\n...", "\n%"];
    marks.iter().any(|mark| text.starts_with(mark)) || inside.iter().any(|mark| text.contains(mark))
}

/// A byte of the text and its column, from 1.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    column: usize,
}

struct Reader<'a> {
    text: &'a str,
    /// The byte that is read next.
    at: usize,
    /// Its line, and the byte at which that starts.
    line: usize,
    line_start: usize,
    /// Where the last node starts: nodes are made in the order in which they start, so that no
    /// line is counted twice.
    placed: Place,
    nodes: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Whether a blank, a line end or the text's end is at `at`.
    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b' ' | b'\n'))
    }

    /// The column of the next byte, from 0, where only ASCII stands before it in its line.
    fn indentation(&self) -> usize {
        self.at - self.line_start
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Goes on to the next token, over blanks, comments and lines; whether it is on another line,
    /// or the text ends.
    fn next_token(&mut self) -> bool {
        let line = self.line;
        loop {
            self.skip_spaces();
            match self.peek() {
                Some(b'\n') => self.end_line(),
                // Also right behind a quote or a bracket, as PyYAML has it.
                Some(b'#') => {
                    let rest = self.text.get(self.at..).unwrap_or_default();
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                None => return true,
                Some(_) => return self.line > line,
            }
        }
    }

    fn end_line(&mut self) {
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
    }

    /// A node that starts at `start`; its kind and its end come later.
    fn node(&mut self, start: usize) -> Option<Node> {
        self.nodes += 1;
        let Place { at, column: last } = self.placed;
        // Nodes stand on the line that is being read.
        let (before, counted) =
            if self.line_start > at { (1, self.line_start) } else { (last, at) };
        let column = before + characters(self.text.get(counted..start)?);
        self.placed = Place { at: start, column };
        let line = self.line;
        let kind = Kind::Sequence(Vec::new());
        (self.nodes <= MAX_NODES).then_some(Node { kind, span: start..start, line, column })
    }

    fn complete(&self, mut node: Node, kind: Kind) -> Node {
        node.span.end = self.at;
        node.kind = kind;
        node
    }

    fn scalar(&mut self, start: usize, text: String, plain: bool) -> Option<Node> {
        let node = self.node(start)?;
        Some(self.complete(node, Kind::Scalar { text, plain }))
    }

    /// A node at the next token, in a block collection or at the root; `parent` is the least
    /// indentation that it may have.
    fn block(&mut self, parent: usize) -> Option<Node> {
        let indentation = self.indentation();
        if indentation < parent || self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let node = if self.at_dash() {
            self.block_sequence(indentation)
        } else if self.is_key() {
            self.block_mapping(indentation)
        } else {
            self.line_value(parent)
        };
        self.depth -= 1;
        node
    }

    fn block_sequence(&mut self, indentation: usize) -> Option<Node> {
        let mut list = self.node(self.at)?;
        let mut items = Vec::new();
        while self.indentation() == indentation && self.at_dash() {
            self.at += 1;
            // A dash with nothing behind it is left to the full parser, unless a deeper line follows.
            self.next_token();
            items.push(self.block(indentation + 1)?);
        }
        list.span.end = items.last()?.span.end;
        list.kind = Kind::Sequence(items);
        self.is_left_of(indentation + 1).then_some(list)
    }

    fn block_mapping(&mut self, indentation: usize) -> Option<Node> {
        let mut mapping = self.node(self.at)?;
        let mut entries = Vec::new();
        while self.indentation() == indentation && self.peek().is_some() {
            let key = self.key()?;
            let value = if self.next_token() {
                // A list may stand as far left as its key.
                self.block(indentation + usize::from(!self.at_dash()))?
            } else {
                self.line_value(indentation + 1)?
            };
            entries.push((key, value));
        }
        mapping.span.end = entries.last()?.1.span.end;
        mapping.kind = Kind::Mapping(entries);
        self.is_left_of(indentation + 1).then_some(mapping)
    }

    /// Whether the next token is the dash of a block list's item.
    fn at_dash(&self) -> bool {
        self.peek() == Some(b'-') && self.is_blank(self.at + 1)
    }

    /// Whether the next token is no part of what is indented by `indentation` at least.
    fn is_left_of(&self, indentation: usize) -> bool {
        self.peek().is_none() || self.indentation() < indentation
    }

    /// A value that is no block collection, with the rest of its line; `parent` is the least
    /// indentation of a line that goes on with it.
    fn line_value(&mut self, parent: usize) -> Option<Node> {
        let node = match self.peek()? {
            b'[' | b'{' => self.flow()?,
            b'\'' | b'"' => self.quoted()?,
            b'|' => return self.literal(parent),
            _ => {
                let node = self.plain(false)?;
                if self.peek() == Some(b':') {
                    return None;
                }
                node
            }
        };
        (self.next_token() && self.is_left_of(parent)).then_some(node)
    }

    /// Whether the next token is a key, with its colon on the same line.
    fn is_key(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let behind = match line.as_bytes().first() {
            Some(quote @ (b'\'' | b'"')) => {
                let mut quotes = line.bytes().enumerate().skip(1).filter(|(_, b)| b == quote);
                quotes.next().and_then(|(end, _)| line.get(end + 1..))
            }
            Some(b'[' | b'{' | b'|') => None,
            _ => Some(line),
        };
        behind.is_some_and(|behind| behind.ends_with(':') || behind.contains(": "))
    }

    /// A key of a block mapping and its colon.
    fn key(&mut self) -> Option<Node> {
        let key = match self.peek()? {
            b'\'' | b'"' => self.quoted()?,
            _ => self.plain(false)?,
        };
        self.skip_spaces();
        let colon = self.peek() == Some(b':') && self.is_blank(self.at + 1);
        self.at += 1;
        (colon && key.span.len() <= LONGEST_KEY).then_some(key)
    }

    /// A scalar without quotes, to the end of its line, a comment, a colon or, `in_flow`, the
    /// collection's next part.
    fn plain(&mut self, in_flow: bool) -> Option<Node> {
        let start = self.at;
        match self.peek()? {
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' | b'?' | b':' | b'\n' => return None,
            b'-' if !matches!(self.byte(self.at + 1)?, b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z') =>
            {
                return None;
            }
            _ => {}
        }
        let mut end = start;
        let (mut at, mut previous) = (start, b' ');
        for byte in self.text.as_bytes().get(start..)?.iter().copied() {
            match byte {
                b'\n' => break,
                b'#' if previous == b' ' => break,
                b':' if self.is_blank(at + 1) => break,
                b':' if in_flow
                    && matches!(self.byte(at + 1)?, b',' | b'[' | b']' | b'{' | b'}') =>
                {
                    return None;
                }
                b',' | b'[' | b']' | b'{' | b'}' if in_flow => break,
                _ => {}
            }
            at += 1;
            previous = byte;
            if byte != b' ' {
                end = at;
            }
        }
        let text = self.text.get(start..end)?.to_owned();
        // A merge key changes the mapping that it stands in.
        if text == "<<" {
            return None;
        }
        self.at = end;
        let node = self.scalar(start, text, true)?;
        self.at = at;
        Some(node)
    }

    /// A scalar in quotes, on one line, with the commonest escapes.
    fn quoted(&mut self) -> Option<Node> {
        let start = self.at;
        let quote = self.peek()?;
        let mut text = String::new();
        let mut from = start + 1;
        self.at = from;
        loop {
            let byte = self.peek()?;
            let escaped = match (byte, self.byte(self.at + 1)) {
                (b'\n', _) => return None,
                (b'\'', Some(b'\'')) if quote == b'\'' => '\'',
                (b'\\', next) if quote == b'"' => match next? {
                    b'"' => '"',
                    b'\\' => '\\',
                    b'n' => '\n',
                    _ => return None,
                },
                _ if byte == quote => break,
                _ => {
                    self.at += 1;
                    continue;
                }
            };
            text.push_str(self.text.get(from..self.at)?);
            text.push(escaped);
            self.at += 2;
            from = self.at;
        }
        text.push_str(self.text.get(from..self.at)?);
        self.at += 1;
        self.scalar(start, text, false)
    }

    /// A `|` block, whose lines are indented by `parent` at least.
    fn literal(&mut self, parent: usize) -> Option<Node> {
        let start = self.at;
        let header = self.text.get(start..)?.split_once('\n')?.0;
        if parent == 0 || !matches!(header, "|" | "|-" | "|+") {
            return None;
        }
        self.at += header.len();
        self.end_line();
        let mut text = String::new();
        let mut first = None;
        // Up to where the text is that chomping keeps.
        let mut kept = 0;
        while self.at < self.text.len() {
            // The last line of a file may have no end, and then the block has none there either.
            let rest = self.text.get(self.at..)?;
            let (line, end) = rest.split_once('\n').map_or((rest, ""), |(line, _)| (line, "\n"));
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let blank = spaces == line.len();
            let indentation = first.as_ref().map(|(n, _)| *n);
            if blank && indentation.is_none_or(|n| spaces <= n) {
                // Blanks in front of the first line could be deeper than it.
                if indentation.is_none() && spaces > 0 {
                    return None;
                }
                text.push_str(end);
                self.end_block_line(line, end);
                continue;
            }
            let indentation = indentation.unwrap_or(spaces);
            if spaces < indentation || indentation < parent {
                break;
            }
            if first.is_none() {
                first = Some((indentation, self.node(self.at + indentation)?));
            }
            text.push_str(line.get(indentation..)?);
            kept = text.len();
            text.push_str(end);
            self.end_block_line(line, end);
        }
        let (_, node) = first?;
        match header {
            // Truncating to more than there is changes nothing.
            "|" => text.truncate(kept + 1),
            "|-" => text.truncate(kept),
            _ => {}
        }
        let node = self.complete(node, Kind::Scalar { text, plain: false });
        self.next_token();
        self.is_left_of(parent).then_some(node)
    }

    fn end_block_line(&mut self, line: &str, end: &str) {
        self.at += line.len();
        if !end.is_empty() {
            self.end_line();
        }
    }

    /// A flow collection, over any number of lines.
    fn flow(&mut self) -> Option<Node> {
        let open = self.peek()?;
        let close = if open == b'[' { b']' } else { b'}' };
        let collection = self.node(self.at)?;
        self.at += 1;
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        loop {
            self.next_token();
            if self.peek()? == close {
                break;
            }
            let node = self.flow_node()?;
            self.next_token();
            if open == b'[' {
                items.push(node);
            } else {
                let colon = self.peek()? == b':' && self.is_blank(self.at + 1);
                let is_key = node.text().is_some() && node.span.len() <= LONGEST_KEY;
                if !colon || !is_key || node.line != self.line {
                    return None;
                }
                self.at += 1;
                self.next_token();
                entries.push((node, self.flow_node()?));
                self.next_token();
            }
            match self.peek()? {
                b',' => self.at += 1,
                byte if byte == close => break,
                _ => return None,
            }
        }
        self.at += 1;
        let kind = if open == b'[' { Kind::Sequence(items) } else { Kind::Mapping(entries) };
        Some(self.complete(collection, kind))
    }

    fn flow_node(&mut self) -> Option<Node> {
        match self.peek()? {
            b'[' | b'{' => {
                if self.depth == DEEPEST {
                    return None;
                }
                self.depth += 1;
                let node = self.flow();
                self.depth -= 1;
                node
            }
            b'\'' | b'"' => self.quoted(),
            _ => self.plain(true),
        }
    }
}

/// How many characters, not bytes, are in `text`.
fn characters(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::full;
    use super::*;

    /// Both trees in words: what is compared of them.
    fn show(node: &Node, text: &str, depth: usize) -> String {
        let indent = " ".repeat(depth);
        let place = format!("{}:{}", node.line, node.column);
        let written = text.get(node.span.clone()).unwrap_or("no span");
        let nested = |node: &Node| show(node, text, depth + 1);
        match &node.kind {
            // The end of a block, or of a flow collection, may take in what follows in the full
            // parser's tree; a block list starts at its first dash or at its first item.
            Kind::Scalar { text, plain } => {
                let written = if *plain { written } else { "" };
                format!("{indent}{place} {text:?} {written}\n")
            }
            Kind::Sequence(items) => {
                let items: String = items.iter().map(nested).collect();
                format!("{indent}list\n{items}")
            }
            Kind::Mapping(entries) => {
                let entries: String = entries.iter().map(|(k, v)| nested(k) + &nested(v)).collect();
                format!("{indent}{place} mapping\n{entries}")
            }
        }
    }

    fn agrees(text: &str) -> bool {
        let Some(node) = parse(text) else { return false };
        let full = match full::parse(text, "f") {
            Ok(full) => full,
            // PyYAML takes these comments, as the test of such texts has it.
            Err(error) if error.message.contains("comments must be separated") => return true,
            Err(error) => panic!("{error}: {text:?}"),
        };
        // Nor does the full parser know that a block ends with the file (saphyr-parser 0.3.4).
        if text.contains('|') && !text.ends_with('\n') {
            return true;
        }
        assert_eq!(show(&node, text, 0), show(&full, text, 0), "{text:?}");
        true
    }

    #[test]
    fn reads_what_components_are_written_in() {
        for text in [
            "name: é\ninputs:\n- {name: a b, type: Integer, default: '1'} # c\n- name: \"x\"\n",
            "a:\n  - b: [--x, {inputValue: n}, 'it''s', \"q\\\"\\n\",\n ]\n    c: |\n      é: [\n\n        x\n\n",
            "# c\n\na: http://x:8080/y#z # c\nb: -1\nc:\n- - d\n  - e\n-   f: g\n    h: i\n",
            "command: [\n  sh, -c, # why\n  'a b'\n]\nargs:\n  []\n",
            "a: |-\n  x\n   y\n \nb: |+\n  z\n\n\n",
        ] {
            assert!(agrees(text), "{text}");
        }
    }

    /// Judged by PyYAML 6.0.3, whose reading the full parser does not share.
    #[test]
    fn reads_as_pyyaml_does() {
        for (text, expected) in [
            ("- 'a'#c\n- [b]# c\n- [# d\n e]\n", &["a"] as &[_]),
            ("- |\n  one", &["one"]),
            ("- |+\n  one", &["one"]),
            ("- |-\n  one", &["one"]),
            ("- |\n  one\n ", &["one\n"]),
            ("- |\n  one\n\n- x\n", &["one\n", "x"]),
        ] {
            let root = parse(text).unwrap_or_else(|| panic!("{text:?}"));
            let texts: Vec<_> = root.items().unwrap().iter().filter_map(Node::text).collect();
            assert_eq!(texts, expected, "{text:?}");
        }
    }

    #[test]
    fn leaves_the_rest_to_the_full_parser() {
        for text in [
            "",
            "a",
            "a: &x b",
            "a: *x",
            "a: !t b",
            "? a",
            "a: b: c",
            "a: b\n c",
            "a: 'b\n c'",
            "--- a",
            "%YAML 1.1",
            "a:\tb",
            "a: >\n  b\n",
            "a: |2\n   b\n",
            "{\"a\":1}",
            "a: {<<: b}",
            "[a: b]",
            "a: b\r\n",
            "a: - b",
            "a: [b] c",
            "a: 'b' c",
            "- a\nb",
            "a: \"\\x41\"",
            "a: [b\n",
            "a:",
            "- ",
            "a: b\n  c: d",
            "\u{feff}a: b",
            "a: b\u{2028}",
            "a: @b",
            "a:\n b: c\n d",
        ] {
            assert_eq!(parse(text).is_some(), text == "a", "{text:?}");
        }
        let (deep, long) = ("[".repeat(60) + &"]".repeat(60), "k".repeat(2000) + ": v");
        assert!(parse(&deep).is_none() && parse(&long).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Whatever it takes, it takes as the full parser does.
        #[test]
        fn agrees_with_the_full_parser(parts in prop::collection::vec(prop::sample::select(vec![
            "a", "b c", "é", "-", "- ", "--x", ":", ": ", ",", ", ", "[", "]", "{", "}", "'", "''",
            "\"", "\\\"", "\\", " ", "  ", "    ", "\n", "\n", "\n  ", "\n    ", "\n- ", "\n  - ",
            "#", " # c", "|", "|-\n", "|\n  ", "|+\n", "a: ", "k: ", "x:\n  ", "1", "-1", "~", "?",
            "{a: b}", "[1, 'x']", "- a: 1\n", "b:\n", "*", "&", "!", ">", "%", ".", "...", "---",
        ]), 0..14)) {
            agrees(&parts.concat());
        }
    }
}
