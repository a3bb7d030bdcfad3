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

/// A text of the source.
struct Text {
    text: String,
    /// Whether it is a help, or a help follows it.
    is_explained: bool,
}

/// The texts of a file, without its tests and attributes.
fn texts_in(tokens: TokenStream, is_explained: bool, texts: &mut Vec<Text>) {
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
                texts_in(group.stream(), is_explained || is_help || is_helped, texts);
            }
            TokenTree::Literal(literal) => {
                let text = |text| Text { text, is_explained };
                texts.extend(messages(literal).into_iter().map(text));
            }
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
            '{' => match rest.as_str().split_once('}') {
                Some((_, after)) => {
                    rest = after.chars();
                    text.push('…');
                }
                None => text.push('{'),
            },
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

/// The texts of all files, with the file that each is in.
fn texts() -> Vec<(String, Text)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    for file in sources(&src) {
        let name = file.strip_prefix(&src).unwrap().display().to_string();
        if OTHER_FILES.contains(&name.as_str()) {
            continue;
        }
        let mut texts = Vec::new();
        texts_in(fs::read_to_string(&file).unwrap().parse().unwrap(), false, &mut texts);
        texts.retain(|text| !OTHER_TEXTS.contains(&text.text.as_str()));
        all.extend(texts.into_iter().map(|text| (name.clone(), text)));
    }
    all
}

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/troubleshooting.md");
    fs::read_to_string(page).unwrap()
}

#[test]
fn every_message_has_help_or_is_on_the_page() {
    let page = plain(&page());
    let texts = texts();
    let unexplained = || texts.iter().filter(|(_, text)| !text.is_explained);
    let missing: Vec<String> = unexplained()
        .filter(|(_, text)| !page.contains(&text.text))
        .map(|(file, text)| format!("{file}: {}", text.text))
        .collect();
    assert!(unexplained().count() > 100, "of {} texts", texts.len());
    assert!(missing.is_empty(), "{} of {}:\n{}", missing.len(), texts.len(), missing.join("\n"));
}

#[test]
fn the_page_has_no_message_that_nobody_prints() {
    let texts: String = texts().into_iter().map(|(_, text)| text.text + "\n").collect();
    let page = page();
    let (_, own) = page.split_once("## The log says").unwrap();
    let messages = own.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let spans = messages.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    // What is filled in, or comes after a colon or a comma, may be a text of its own.
    let parts = spans.flat_map(|span| span.split(['…', ':', ',', '(']).map(plain));
    let unknown: Vec<String> =
        parts.filter(|part| part.split(' ').count() > 3 && !texts.contains(part)).collect();
    assert!(unknown.is_empty(), "nobody prints:\n{}", unknown.join("\n"));
}
