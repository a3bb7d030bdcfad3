//! What one Python file imports, and whether it uses Hydra's entry point.
//!
//! A lexer that knows names, operators and where strings and comments are; no parser. It cannot
//! fail: source that Python would reject yields whatever imports it seems to have.

use crate::hydra::{ENTRY_METHOD, entry_point};

/// Libraries that read the command line: a script that imports one and reaches Hydra only through
/// another module takes flags itself.
const ARGUMENT_PARSERS: [&str; 6] = ["argparse", "click", "typer", "fire", "absl", "tyro"];

/// What a file's text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// `hydra.main` or `hydra_zen.hydra_main` is used or imported by name.
    pub uses_hydra_entry_point: bool,
    /// The argument parser that it imports.
    pub argument_parser: Option<&'static str>,
    /// Every import.
    pub imports: Vec<Import>,
}

/// `import a.b` or `from .a import b, c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The leading dots of a relative import.
    pub level: usize,
    /// The module's dotted name; may be empty in a relative import.
    pub module: String,
    /// What is imported from it; empty for `import a.b`.
    pub names: Vec<String>,
}

/// A token: a name, or one character of anything else; a line's end is `\n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Other(u8),
}

impl Source {
    /// Analyses a file's bytes, in whatever encoding they are.
    pub fn analyse(bytes: &[u8]) -> Self {
        let tokens = lex(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        let mut source = Self::default();
        // Names that stand for the module hydra or hydra_zen in this file, and its entry point.
        let mut modules: Vec<(&str, &str)> = Vec::new();
        let mut at_start = true;
        for (index, token) in tokens.iter().enumerate() {
            let rest = tokens.get(index + 1..).unwrap_or_default();
            match token {
                Token::Name("import") if at_start => source.import(rest, &mut modules),
                Token::Name("from") if at_start => source.import_from(rest),
                _ => {}
            }
            // `if x: import y` and `try: import y` are statements too.
            at_start = matches!(token, Token::Other(b'\n' | b';' | b':'));
        }
        let (module, method) = ENTRY_METHOD;
        let imported = source.imports.iter().any(|i| i.level == 0 && i.module == module);
        let method = [Token::Other(b'.'), Token::Name(method)];
        source.uses_hydra_entry_point |=
            imported && tokens.windows(2).any(|window| window == method);
        let used = tokens.windows(4).any(|window| match window {
            [before, Token::Name(module), Token::Other(b'.'), Token::Name(name)] => {
                *before != Token::Other(b'.') && modules.contains(&(*module, *name))
            }
            _ => false,
        });
        source.uses_hydra_entry_point |= used;
        source
    }

    /// Whether Hydra, or what is built on it, is imported for any purpose.
    pub fn imports_hydra(&self) -> bool {
        self.imports.iter().any(|import| {
            let top = import.module.split('.').next().unwrap_or_default();
            import.level == 0 && entry_point(top).is_some()
        })
    }

    /// `import a.b as c, d`
    fn import<'a>(&mut self, tokens: &[Token<'a>], modules: &mut Vec<(&'a str, &'a str)>) {
        let mut rest = tokens;
        loop {
            let (module, after) = dotted(rest);
            if module.is_empty() {
                return;
            }
            let (alias, after) = match after {
                [Token::Name("as"), Token::Name(alias), after @ ..] => (Some(*alias), after),
                after => (None, after),
            };
            let top = module.first().copied().unwrap_or_default();
            if let Some(entry) = entry_point(top) {
                modules.push((alias.unwrap_or(top), entry));
            }
            self.note_parser(top);
            self.imports.push(Import { level: 0, module: module.join("."), names: Vec::new() });
            match after {
                [Token::Other(b','), after @ ..] => rest = after,
                _ => return,
            }
        }
    }

    /// `from ..a.b import (c as d, e)`
    fn import_from(&mut self, tokens: &[Token<'_>]) {
        let level = tokens.iter().take_while(|t| **t == Token::Other(b'.')).count();
        let (module, after) = dotted(tokens.get(level..).unwrap_or_default());
        let [Token::Name("import"), rest @ ..] = after else {
            return;
        };
        let mut rest: &[Token<'_>] = rest;
        let mut names = Vec::new();
        loop {
            match rest {
                [Token::Name(name), Token::Name("as"), Token::Name(_), after @ ..]
                | [Token::Name(name), after @ ..] => {
                    names.push((*name).to_owned());
                    rest = after;
                }
                [Token::Other(b'*'), after @ ..] => {
                    names.push("*".to_owned());
                    rest = after;
                }
                [Token::Other(b'(' | b','), after @ ..] => rest = after,
                _ => break,
            }
        }
        if level == 0 {
            let top = module.first().copied().unwrap_or_default();
            self.note_parser(top);
            if let Some(entry) = entry_point(top) {
                // `from hydra import main`, and `from hydra.main import main`.
                let imported = names.iter().any(|name| name == entry || name == "*");
                self.uses_hydra_entry_point |=
                    imported && (module.len() == 1 || module.get(1) == Some(&entry));
            }
        }
        self.imports.push(Import { level, module: module.join("."), names });
    }

    fn note_parser(&mut self, module: &str) {
        let found = ARGUMENT_PARSERS.iter().find(|parser| **parser == module);
        self.argument_parser = self.argument_parser.or(found.copied());
    }
}

/// The parts of a dotted name, and what follows it.
fn dotted<'t, 'a>(tokens: &'t [Token<'a>]) -> (Vec<&'a str>, &'t [Token<'a>]) {
    let mut parts = Vec::new();
    let mut rest = tokens;
    loop {
        match rest {
            [Token::Name("import"), ..] => return (parts, rest),
            [Token::Name(name), Token::Other(b'.'), after @ ..] => {
                parts.push(*name);
                rest = after;
            }
            [Token::Name(name), after @ ..] => {
                parts.push(*name);
                return (parts, after);
            }
            _ => return (parts, rest),
        }
    }
}

/// Names, single characters and line ends; strings and comments left out. Inside brackets and
/// after a backslash a line does not end.
fn lex(bytes: &[u8]) -> Vec<Token<'_>> {
    let mut tokens = vec![Token::Other(b'\n')];
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'#' => at = line_end(bytes, at),
            b'\'' | b'"' => {
                at = string_end(bytes, at);
                // Not a name: `"x".main` is no module's attribute.
                tokens.push(Token::Other(b'"'));
            }
            b'\\' => at += if bytes.get(at + 1) == Some(&b'\r') { 3 } else { 2 },
            b'\n' => {
                if depth == 0 {
                    tokens.push(Token::Other(b'\n'));
                }
                at += 1;
            }
            b' ' | b'\t' | b'\r' | b'\x0c' => at += 1,
            byte if is_name(byte) => {
                let end = (at..bytes.len())
                    .find(|end| !bytes.get(*end).copied().is_some_and(is_name))
                    .unwrap_or(bytes.len());
                let prefix = matches!(bytes.get(end), Some(b'\'' | b'"')) && end - at <= 2;
                // A name in another encoding is none of the names looked for.
                let name = std::str::from_utf8(bytes.get(at..end).unwrap_or_default());
                if !prefix {
                    tokens.push(Token::Name(name.unwrap_or("?")));
                }
                at = end;
            }
            byte => {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                tokens.push(Token::Other(byte));
                at += 1;
            }
        }
    }
    tokens
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    (start..bytes.len()).find(|at| bytes.get(*at) == Some(&b'\n')).unwrap_or(bytes.len())
}

/// After the string that starts at `start`; a single-quoted one ends with its line at the latest.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let quote = rest.first().copied().unwrap_or(b'"');
    let triple = rest.starts_with(&[quote; 3]);
    let mut at = start + if triple { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' {
            at += 2;
        } else if byte == b'\n' && !triple {
            return at;
        } else if byte == quote && !triple {
            return at + 1;
        } else if triple && bytes.get(at..).is_some_and(|r| r.starts_with(&[quote; 3])) {
            return at + 3;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_points_are_found_where_they_are_used() {
        for text in [
            "import hydra\n@hydra.main(version_base=None)\ndef main(cfg): ...\n",
            "import hydra as h\n@h.main()\ndef main(cfg): ...\n",
            "import os, hydra\nhydra.main()(f)\n",
            "from hydra import main\n",
            "from hydra import (\n    utils,  # x\n    main as entry,\n)\n",
            "from hydra.main import main\n",
            "import hydra.utils\n@hydra.main()\ndef f(c): ...",
            "from hydra_zen import zen\nzen(f).hydra_main(config_name='c')\n",
            "from hydra_zen import builds, hydra_main\n",
            "import hydra_zen as hz\nhz.hydra_main(f)",
            "if True:\n    import hydra\nhydra . main",
            "try: import hydra\nexcept ImportError: pass\nhydra.main",
            "x = f\"{a['b']}\"\nimport hydra\n@hydra.main()\ndef f(c): ...",
            "from hydra import \\\n  main\n",
            "\u{feff}import hydra\nhydra.main",
            "s = 'it\\'s'\nimport hydra\r\n@hydra.main()\r\ndef f(c): ...",
        ] {
            assert!(Source::analyse(text.as_bytes()).uses_hydra_entry_point, "{text}");
        }
        for text in [
            "",
            "# @hydra.main\nimport hydra\n",
            "\"\"\"uses hydra.main\nimport hydra\n@hydra.main\n\"\"\"\n",
            "import hydra\nprint('hydra.main')\n",
            "from hydra import compose, initialize\n",
            "from hydra.utils import instantiate\n",
            "import other\nother.hydra.main()\nimport hydra",
            "hydra.main()",
            "from .hydra import main\n",
            "import hydra as h\nhydra.main",
            "from hydra.core import main\n",
            "x = '''\n@hydra.main\n",
        ] {
            assert!(!Source::analyse(text.as_bytes()).uses_hydra_entry_point, "{text}");
        }
    }

    #[test]
    fn imports_and_parsers_are_listed() {
        let text = "import a.b as c, d\nfrom ..x.y import (e, f as g)\nfrom . import z\n\
                    import argparse; from h import i\n# import j\nyield_from = 1\n";
        let source = Source::analyse(text.as_bytes());
        let shown: Vec<String> = source
            .imports
            .iter()
            .map(|i| format!("{}{}:{}", ".".repeat(i.level), i.module, i.names.join(",")))
            .collect();
        assert_eq!(shown, ["a.b:", "d:", "..x.y:e,f", ".:z", "argparse:", "h:i"]);
        assert_eq!(source.argument_parser, Some("argparse"));
        assert_eq!(Source::analyse(b"from absl import flags").argument_parser, Some("absl"));
        assert_eq!(Source::analyse(b"from .click import x").argument_parser, None);
    }

    #[test]
    fn any_bytes_are_analysed() {
        for bytes in [
            &b"\\"[..],
            b"'\\",
            b"\"\"\"\\",
            b"from",
            b"import ,",
            b"\xff\xfe\x00'",
            b"from .",
            b"((((",
        ] {
            let _ = Source::analyse(bytes);
        }
    }
}
