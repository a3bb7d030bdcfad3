//! Every message that the program can print explains itself by a line of help, or is in
//! docs/troubleshooting.md. A message is a text in the source that reads as a sentence: of three words and
//! more. The page has it as it is there, with `…` for what is filled in.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};

/// Files whose texts are not messages: clap's help, the options of launchers, what Hydra says.
const OTHER_FILES: [&str; 3] =
    ["cli/definition.rs", "command_line/launcher.rs", "hydra/complaint.rs"];
/// Other texts that are not messages: what YAML and a diff say.
const OTHER_TEXTS: [&str; 4] = [
    "expected a YAML tag starting with '!'",
    "at line … column",
    "No newline at end of file",
    "input or output",
];

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(below).filter(|path| !path.ends_with("tests.rs")).collect()
}

/// The texts of a file that no help follows, without its tests and attributes.
fn unexplained(tokens: TokenStream, texts: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.to_string() == text);
    let group = |at: usize| match tokens.get(at) {
        Some(TokenTree::Group(group)) => Some(group),
        _ => None,
    };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                at += usize::from(is(at, "!"));
                let attribute = group(at).map(Group::to_string).unwrap_or_default();
                at += 1;
                if attribute == "[cfg (test)]" {
                    let is_end = |token: &TokenTree| match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        token => token.to_string() == ";",
                    };
                    at += 1 + tokens.iter().skip(at).position(is_end).unwrap();
                }
            }
            TokenTree::Group(group) => {
                let is_help =
                    at >= 3 && (is(at - 2, "help") || is(at - 2, "or_help")) && is(at - 3, ".");
                let after = at + usize::from(is(at, "?"));
                let is_helped = is(after, ".") && is(after + 1, "help");
                if !is_help && !is_helped {
                    unexplained(group.stream(), texts);
                }
            }
            TokenTree::Literal(literal) => texts.extend(messages(literal)),
            _ => {}
        }
    }
}

/// The lines of a literal that read as a sentence, with `…` for what is filled in.
fn messages(literal: &Literal) -> Vec<String> {
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic());
    let is_sentence = |line: &&str| line.split([' ', ',', ':']).filter(is_word).count() >= 3;
    let text = text_of(literal).unwrap_or_default();
    text.lines().filter(is_sentence).map(plain).collect()
}

/// A string literal's text.
fn text_of(literal: &Literal) -> Option<String> {
    let source = literal.to_string();
    let mut text = String::new();
    let mut rest = source.strip_prefix('"')?.strip_suffix('"')?.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                'n' => text.push('\n'),
                // The line goes on in the next.
                '\n' => rest = rest.as_str().trim_start().chars(),
                c => text.push(c),
            },
            '{' if rest.as_str().starts_with('{') => text.extend(rest.next()),
            '}' if rest.as_str().starts_with('}') => text.extend(rest.next()),
            '{' => {
                rest = rest.as_str().split_once('}')?.1.chars();
                text.push('…');
            }
            c => text.push(c),
        }
    }
    Some(text)
}

/// A text without what a page or a place in a sentence adds to it.
fn plain(text: &str) -> String {
    let text = text.replace(['`', '\\'], "").replace('…', " … ").replace(" …  … ", " … ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim_matches([' ', ':', ';', ',', '…', '(', ')', '#']).to_owned()
}

#[test]
fn every_message_has_help_or_is_on_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = plain(&fs::read_to_string(root.join("docs/troubleshooting.md")).unwrap());
    let mut missing = Vec::new();
    let mut count = 0;
    for file in sources(&root.join("src")) {
        let shown = file.strip_prefix(root.join("src")).unwrap().display().to_string();
        if OTHER_FILES.contains(&shown.as_str()) {
            continue;
        }
        let mut texts = Vec::new();
        unexplained(fs::read_to_string(&file).unwrap().parse().unwrap(), &mut texts);
        texts.retain(|text| !OTHER_TEXTS.contains(&text.as_str()));
        count += texts.len();
        missing.extend(
            texts
                .into_iter()
                .filter(|text| !page.contains(text))
                .map(|text| format!("{shown}: {text}")),
        );
    }
    assert!(count > 100, "only {count} messages found");
    assert!(missing.is_empty(), "{} of {count}:\n{}", missing.len(), missing.join("\n"));
}
