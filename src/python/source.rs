//! One Python file, as far as it matters: what its names stand for, and which names its lines use.
//!
//! Logical lines, indentation and names; no expressions. It cannot fail: of source that Python would
//! reject it knows whatever that seems to say.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use crate::hydra::PACKAGES;

/// The words whose line goes on, after a colon, with statements of its own.
const COMPOUND: [&str; 13] = [
    "if", "elif", "else", "try", "except", "finally", "for", "while", "with", "def", "class",
    "async", "case",
];

/// The most that one name is bound to in one scope.
const MAX_BOUND: usize = 8;

/// A file's text, and what is known of it.
#[derive(Debug)]
pub(super) struct Source {
    text: String,
    /// Names, strings (their quote alone) and single characters.
    tokens: Vec<Range<usize>>,
    lines: Vec<Line>,
    scopes: Vec<Scope>,
}

/// A logical line, or one of several statements in it.
#[derive(Debug)]
struct Line {
    number: usize,
    indent: usize,
    tokens: Range<usize>,
    /// The scope that runs it; a decorator belongs to what it decorates.
    scope: usize,
}

/// What can be run by itself, and where its names are bound.
#[derive(Debug)]
struct Scope {
    kind: Kind,
    parent: usize,
    /// With its decorators, and with all that is defined inside.
    lines: Range<usize>,
    names: HashMap<String, Vec<Bound>>,
}

/// What a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Module,
    Function,
    Class,
    /// The value of an assignment.
    Value,
}

/// What a name is bound to.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    Scope(usize),
    Import(Import),
}

/// `import a.b`, or one name of `from .a import b`.
#[derive(Clone, Debug)]
pub(super) struct Import {
    /// The leading dots of a relative import.
    pub(super) level: usize,
    /// The module's dotted name, in parts; may be empty in a relative import.
    pub(super) module: Vec<String>,
    /// What is imported from it.
    pub(super) name: Option<String>,
}

/// A use of a name.
#[derive(Debug)]
pub(super) struct Reference<'a> {
    /// The name's parts. The first is empty where it is not a name: `f(x).b`.
    pub(super) path: Vec<&'a str>,
    pub(super) how: How,
    /// The first word of its first argument, where that is given by position.
    pub(super) argument: &'a str,
    pub(super) scope: usize,
    pub(super) line: usize,
}

/// How a name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It is named and no more.
    Names,
    /// It is called.
    Calls,
    /// It decorates what is defined.
    Decorates,
    /// It is set to a list that is written out.
    Replaces,
}

impl fmt::Display for Reference<'_> {
    /// The line, and what is done there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.how {
            How::Names => "names",
            How::Calls => "calls",
            How::Decorates => "decorates it with",
            How::Replaces => "replaces",
        };
        write!(f, "{} {verb} {}", self.line, self.path.join("."))
    }
}

impl Source {
    /// The module's own scope.
    pub(super) const MODULE: usize = 0;

    /// Of a file's bytes in whatever encoding: the names that matter are ASCII.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (tokens, mut lines) = lex(&text);
        let scopes = find_scopes(&text, &tokens, &mut lines);
        Self { text, tokens, lines, scopes }
    }

    /// Whether Hydra, or what is built on it, is imported for any purpose.
    pub(super) fn imports_hydra(&self) -> bool {
        PACKAGES.iter().any(|package| self.imports(package))
    }

    /// Whether a module of this package is imported.
    pub(super) fn imports(&self, package: &str) -> bool {
        let mut bound = self.scopes.iter().flat_map(|scope| scope.names.values().flatten());
        bound.any(|bound| match bound {
            Bound::Import(import) => {
                import.level == 0 && import.module.first().is_some_and(|top| top == package)
            }
            Bound::Scope(_) => false,
        })
    }

    pub(super) fn kind(&self, scope: usize) -> Kind {
        self.scopes.get(scope).map_or(Kind::Module, |scope| scope.kind)
    }

    /// What `name` is bound to by `scope` itself: in each branch of an `if` or `try` something else.
    fn bound_in(&self, scope: usize, name: &str) -> &[Bound] {
        let bound = self.scopes.get(scope).and_then(|scope| scope.names.get(name));
        bound.map(Vec::as_slice).unwrap_or_default()
    }

    /// The methods of a class that have these names.
    pub(super) fn methods(&self, class: usize, names: &[&str]) -> Vec<usize> {
        let bound = names.iter().flat_map(|name| self.bound_in(class, name));
        let scope =
            |bound: &Bound| if let Bound::Scope(scope) = bound { Some(*scope) } else { None };
        bound.filter_map(scope).collect()
    }

    /// What `name` is where `scope` uses it: of the innermost scope that binds it, or of a module that
    /// all is imported from.
    pub(super) fn bound(&self, scope: usize, name: &str) -> &[Bound] {
        let mut scope = scope;
        loop {
            match (self.bound_in(scope, name), self.scopes.get(scope)) {
                ([], _) if scope == Self::MODULE => return self.bound_in(scope, "*"),
                ([], Some(inner)) => scope = inner.parent,
                (bound, _) => return bound,
            }
        }
    }

    /// What is used when a scope is run: of the module what is outside of its functions and classes, of
    /// all else also what is defined inside.
    pub(super) fn used_by(&self, scope: usize) -> impl Iterator<Item = Reference<'_>> {
        let lines = self.scopes.get(scope).map_or(0..0, |scope| scope.lines.clone());
        let lines = self.lines.get(lines).unwrap_or_default().iter();
        lines
            .filter(move |line| scope != Self::MODULE || line.scope == Self::MODULE)
            .flat_map(|line| self.references(line))
    }

    fn references(&self, line: &Line) -> Vec<Reference<'_>> {
        let words = words(&self.text, &self.tokens, line);
        let mut found: Vec<Reference<'_>> = Vec::new();
        let mut rest = match words.as_slice() {
            // What an import or the head of a definition names is not used by it.
            ["import" | "from" | "def" | "class", ..] | ["async", "def", ..] => return found,
            words => words,
        };
        while let [word, after @ ..] = rest {
            let (path, after) = match *word {
                "." => {
                    let (attributes, after) = dotted(after);
                    ([vec![""], attributes].concat(), after)
                }
                word if is_name(word) => dotted(rest),
                _ => {
                    rest = after;
                    continue;
                }
            };
            rest = after;
            let how = match rest {
                // A list that is made anew, and not from what was there.
                ["=", "[", items @ ..] if path.last().is_some_and(|name| !items.contains(name)) => {
                    How::Replaces
                }
                // What is assigned to, or the name of an argument.
                ["=", next, ..] if *next != "=" => continue,
                _ if found.is_empty() && words.first() == Some(&"@") => How::Decorates,
                ["(", ..] => How::Calls,
                _ => How::Names,
            };
            let argument = match rest {
                ["(", ")", ..] | ["(", _, "=", ..] => "",
                ["(", argument, ..] => argument,
                _ => "",
            };
            found.push(Reference { path, how, argument, scope: line.scope, line: line.number });
        }
        found
    }
}

fn words<'a>(text: &'a str, tokens: &[Range<usize>], line: &Line) -> Vec<&'a str> {
    let tokens = tokens.get(line.tokens.clone()).unwrap_or_default();
    tokens.iter().map(|token| text.get(token.clone()).unwrap_or_default()).collect()
}

/// The scopes, by their indentation, and what they bind. Each line is told which scope runs it.
fn find_scopes(text: &str, tokens: &[Range<usize>], lines: &mut [Line]) -> Vec<Scope> {
    let scope = |kind, parent, lines| Scope { kind, parent, lines, names: HashMap::new() };
    let mut scopes = vec![scope(Kind::Module, Source::MODULE, 0..lines.len())];
    // The scopes that the current line is in, with their indentation.
    let mut open: Vec<(usize, usize)> = Vec::new();
    // How many lines just before it decorate.
    let mut decorators = 0;
    for index in 0..lines.len() {
        let Some(line) = lines.get_mut(index) else { break };
        while let Some((_, ended)) = open.pop_if(|(indent, _)| *indent >= line.indent) {
            if let Some(ended) = scopes.get_mut(ended) {
                ended.lines.end = index;
            }
        }
        line.scope = open.last().map_or(Source::MODULE, |(_, scope)| *scope);
        let (indent, outer, inner) = (line.indent, line.scope, scopes.len());
        let words = words(text, tokens, line);
        let (kind, bound) = match words.as_slice() {
            ["import", rest @ ..] => (Kind::Module, import(rest)),
            ["from", rest @ ..] => (Kind::Module, import_from(rest)),
            ["def", name, ..] | ["async", "def", name, ..] => {
                (Kind::Function, is_scope(name, inner))
            }
            ["class", name, ..] => (Kind::Class, is_scope(name, inner)),
            [name, "=", ..] => (Kind::Value, is_scope(name, inner)),
            [name, ":", typed @ ..] if typed.contains(&"=") => (Kind::Value, is_scope(name, inner)),
            _ => (Kind::Module, Vec::new()),
        };
        if matches!(kind, Kind::Function | Kind::Class) {
            let inside = index - decorators..lines.len();
            for line in lines.get_mut(inside.start..=index).unwrap_or_default() {
                line.scope = inner;
            }
            open.push((indent, inner));
            scopes.push(scope(kind, outer, inside));
        } else if kind == Kind::Value {
            scopes.push(scope(kind, outer, index..index + 1));
        }
        for (name, to) in bound {
            let Some(outer) = scopes.get_mut(outer) else { break };
            let names = outer.names.entry(name).or_default();
            if names.len() < MAX_BOUND {
                names.push(to);
            }
        }
        decorators = if words.first() == Some(&"@") { decorators + 1 } else { 0 };
    }
    scopes
}

fn is_scope(name: &str, scope: usize) -> Vec<(String, Bound)> {
    vec![(name.to_owned(), Bound::Scope(scope))]
}

/// `import a.b as c, d`
fn import(words: &[&str]) -> Vec<(String, Bound)> {
    let import = |words: &[&str]| {
        let (module, rest) = dotted(words);
        // Without `as` the name is the top package's, and the rest is read off where it is used.
        let (name, module) = match rest {
            ["as", name, ..] => (*name, module.as_slice()),
            _ => (*module.first()?, module.get(..1)?),
        };
        let import = Import { level: 0, module: owned(module), name: None };
        Some((name.to_owned(), Bound::Import(import)))
    };
    words.split(|word| *word == ",").filter_map(import).collect()
}

/// `from ..a.b import (c as d, e)`
fn import_from(words: &[&str]) -> Vec<(String, Bound)> {
    let level = words.iter().take_while(|word| **word == ".").count();
    let (module, names) = match dotted(words.get(level..).unwrap_or_default()) {
        // `from . import a`
        (module, names) if module == ["import"] => (Vec::new(), names),
        (module, ["import", names @ ..]) => (owned(&module), names),
        _ => return Vec::new(),
    };
    let import = |words: &[&str]| {
        let (name, bound) = match words {
            [name, "as", bound] => (*name, *bound),
            [name] => (*name, *name),
            _ => return None,
        };
        let import = Import { level, module: module.clone(), name: Some(name.to_owned()) };
        Some((bound.to_owned(), Bound::Import(import)))
    };
    names.split(|word| [",", "(", ")"].contains(word)).filter_map(import).collect()
}

/// The parts of a dotted name, and what follows it.
fn dotted<'t, 'a>(words: &'t [&'a str]) -> (Vec<&'a str>, &'t [&'a str]) {
    let mut parts = Vec::new();
    let mut rest = words;
    while let [name, after @ ..] = rest
        && is_name(name)
    {
        parts.push(*name);
        match after {
            [".", after @ ..] => rest = after,
            after => return (parts, after),
        }
    }
    (parts, rest)
}

fn owned(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn is_name(word: &str) -> bool {
    word.bytes().next().is_some_and(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The words of a text and its logical lines: in brackets and after a backslash none ends. `a; b` and
/// `if a: b` are two.
fn lex(text: &str) -> (Vec<Range<usize>>, Vec<Line>) {
    let bytes = text.as_bytes();
    let (mut tokens, mut lines) = (Vec::<Range<usize>>::new(), Vec::<Line>::new());
    let (mut depth, mut number, mut at) = (0_usize, 1, 0);
    // Whether a line starts here, and its indentation so far.
    let (mut starts, mut indent) = (true, 0);
    while let Some(&byte) = bytes.get(at) {
        let mut end = at + 1;
        let is_head = || {
            let head =
                lines.last().and_then(|line| text.get(tokens.get(line.tokens.start)?.clone()));
            depth == 0 && !starts && head.is_some_and(|head| COMPOUND.contains(&head))
        };
        match byte {
            b'\n' if depth == 0 => (starts, indent) = (true, 0),
            b';' if depth == 0 => starts = true,
            b':' if bytes.get(end) != Some(&b'=') && is_head() => {
                (starts, indent) = (true, indent + 1);
            }
            b' ' if starts => indent += 1,
            b'\t' if starts => indent = (indent / 8 + 1) * 8,
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => {}
            b'\\' => end += if bytes.get(end) == Some(&b'\r') { 2 } else { 1 },
            b'#' => end += bytes.iter().skip(end).take_while(|byte| **byte != b'\n').count(),
            _ => {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if is_name_byte(byte) {
                    end += bytes.iter().skip(end).take_while(|byte| is_name_byte(**byte)).count();
                }
                let prefixed = is_name_byte(byte) && end - at <= 2;
                let quote = if prefixed { end } else { at };
                let mut token = at..end;
                if matches!(bytes.get(quote), Some(b'\'' | b'"')) {
                    // Its quote stands for a string: `"x".main` is no name's attribute.
                    token = quote..quote + 1;
                    end = string_end(bytes, quote);
                }
                if starts {
                    starts = false;
                    lines.push(Line { number, indent, tokens: tokens.len()..0, scope: 0 });
                }
                tokens.push(token);
                if let Some(line) = lines.last_mut() {
                    line.tokens.end = tokens.len();
                }
            }
        }
        let passed = bytes.get(at..end).unwrap_or_default();
        number += passed.split(|byte| *byte == b'\n').skip(1).count();
        at = end;
    }
    (tokens, lines)
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
    fn any_bytes_are_read() {
        for bytes in [
            &b""[..],
            b"\\",
            b"'\\",
            b"\"\"\"\\",
            b"from",
            b"import ,",
            b"from . import",
            b"@",
            b"@x\n\n  y",
            b"def",
            b"class : :",
            b"  def f():\n @d\ndef g",
            b"\xff\xfe\x00'",
            b"\\\xc3\xa9 = 1",
            b"sys.argv = [",
            b"f(",
            b".a..b(",
            b"))((((",
        ] {
            let source = Source::new(bytes);
            assert!((0..9).all(|scope| source.used_by(scope).count() < 9), "{}", source.text);
        }
    }
}
