//! Documents for the reader: from a grammar that mixes all of YAML, then broken here and there.

use super::random::Random;

/// Scalars as people and dumpers write them, and each rule's corner.
const PLAIN: [&str; 74] = [
    "a",
    "b c",
    "é",
    "1",
    "-1",
    "0x1F",
    "017",
    "1_0",
    "1:30",
    "1:30.5",
    "1.5",
    ".5",
    "1.5e+3",
    "1e5",
    "0b11",
    "0x_",
    "-0.0",
    ".inf",
    "-.Inf",
    ".nan",
    "~",
    "null",
    "yes",
    "Off",
    "true",
    "=",
    "<<",
    "--lr",
    "-",
    "-x",
    "- x",
    "?x",
    "? x",
    ":x",
    "::",
    "a:b",
    "a: b",
    "a :b",
    "a : b",
    "a#b",
    "a #b",
    "#",
    "http://x:8080/y#z",
    "a,b",
    "a, b",
    "[a",
    "a]",
    "{{$.x}}",
    "@a",
    "`a",
    "%a",
    "!a",
    "&",
    "*",
    "a'b",
    "a\"b",
    "2024-11-23",
    "a\tb",
    "a \t",
    "\u{feff}a",
    "...",
    "---",
    "--- a",
    "a?b",
    "a?",
    "|",
    ">",
    "\u{2028}",
    "\u{85}",
    "😀",
    "\u{7f}",
    "08",
    "1.",
    "+12e03",
];
const DIGITS: [&str; 25] = [
    "0", "1", "7", "9", "59", "60", "10", "0", "_", ".", ".", ":", "-", "+", "e", "E", "e+1", "0x",
    "0b", "a", "F", ".5", ":30", "08", "x",
];
const IN_QUOTES: [&str; 30] = [
    "a",
    " ",
    "  ",
    "\t",
    "é",
    "''",
    "'",
    "\"",
    "\\\"",
    "\\\\",
    "\\n",
    "\\x41",
    "\\u00e9",
    "\\U0001F600",
    "\\ud83d",
    "\\UFFFFFFFF",
    "\\/",
    "\\ ",
    "\\\n",
    "\\q",
    "\n",
    "\n\n",
    " \n  ",
    "\r\n",
    "\u{2028}",
    "\\N\\_\\L\\P\\e\\0",
    ": ",
    " #",
    "\n---\n",
    "\\\t",
];
const LINES: [&str; 16] = [
    "a",
    " a",
    "  a b",
    "",
    " ",
    "    ",
    "\ta",
    "# c",
    "a: b",
    "- x",
    "---",
    "é ",
    "a\\n",
    "\u{2028}a",
    "...",
    "\u{85}",
];
const HEADERS: [&str; 15] =
    ["", "-", "+", "1", "2", "-2", "2-", "+1", "9", "0", "# c", " # c", " x", "--", "\t"];
const PROPERTIES: [&str; 22] = [
    "&a",
    "&b",
    "&c ",
    "&d\n",
    "!!str",
    "!!int",
    "!!float",
    "!!bool",
    "!!null",
    "!!seq",
    "!!map",
    "!",
    "!foo",
    "!!str &e",
    "&f !!str",
    "!<tag:yaml.org,2002:str>",
    "!!st%72",
    "&",
    "!!timestamp",
    "!e!str",
    "&g\n ",
    "!!set",
];
const STARTS: [&str; 17] = [
    "---\n",
    "--- ",
    "%YAML 1.1\n---\n",
    "%YAML 2.0\n---\n",
    "%TAG !e! tag:yaml.org,2002:\n---\n",
    "%TAG ! tag:yaml.org,2002:\n--- ",
    "\u{feff}",
    "# c\n",
    "\n \n",
    "...\n",
    "%X y\n---\n",
    "---\n# c\n",
    "--- |\n",
    "--- &z\n",
    "%YAML 1.1 # c\n---\n",
    "--- # c\n",
    "%TAG !e! x\n",
];
const ENDS: [&str; 13] = [
    "",
    "\n",
    "...",
    "...\n",
    "\n---\na: b\n",
    "\n--- ]\n",
    "\n...\nx",
    "\n# c",
    "\n...\n%YAML 1.1\n---\n",
    "\n%YAML 1.1\n",
    "\n \n",
    "\n--- x",
    "\n.... \n",
];
/// What is put in, or in the place of something.
const SPLINTERS: [&str; 48] = [
    " ", "  ", "\n", "\n\n", "\n  ", "\n- ", "\t", "-", "- ", ":", ": ", "? ", "?", ",", "[", "]",
    "{", "}", "'", "\"", "#", " #", "|", "|\n", ">", "&a", "&a ", "*a", "*b ", "!", "!!str ", "%",
    "@", "`", "\\", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{feff}", "\u{7}", "---", "\n---\n",
    "...", "<<: ", "=", "~", "é",
];

/// A document.
pub(crate) fn document(random: &mut Random) -> String {
    let mut writer = Writer { random, out: String::new() };
    if writer.random.once_in(6) {
        let start = writer.random.pick(&STARTS);
        writer.out.push_str(start);
    }
    writer.node(0, 3);
    if writer.random.once_in(6) {
        let end = writer.random.pick(&ENDS);
        writer.out.push_str(end);
    }
    let mut text = writer.out;
    if random.once_in(30) {
        text = text.replace('\n', random.pick(&["\r\n", "\r", "\u{85}", "\u{2029}"]));
    }
    for _ in 0..[0, 0, 0, 1, 1, 2][random.number(0..6)] {
        text = broken(&text, random);
    }
    text
}

/// Documents about the length of a key, which nobody meets by chance.
pub(crate) fn long() -> Vec<String> {
    let mut all = Vec::new();
    for length in [1021, 1022, 1023, 1024, 1025] {
        let (key, blanks) = ("k".repeat(length), " ".repeat(length - 1));
        // libyaml counts bytes where PyYAML counts characters.
        let wide = "é".repeat(length / 2 - 4);
        for key in [&key, &wide, &format!("k{blanks}")] {
            for around in
                ["@: v", "- a\n- @ : v", "[@: v]", "[@ : v]", "{@ : v}", "? @\n: v", "{? @ : v}"]
            {
                all.push(around.replace('@', key));
            }
        }
        all.push(format!("{{\"{key}\": v, b: c}}"));
        all.push(format!("&a{key} b: c"));
        all.push(format!("[&a{blanks}b: c]"));
    }
    all
}

struct Writer<'a> {
    random: &'a mut Random,
    out: String,
}

impl Writer<'_> {
    fn put(&mut self, from: &[&str]) {
        let text = self.random.pick(from);
        self.out.push_str(text);
    }

    fn indent(&mut self, indent: usize) {
        self.out.push_str(&" ".repeat(indent));
    }

    /// A node behind an indicator, or at the start of a line that is indented already.
    fn node(&mut self, indent: usize, depth: usize) {
        if self.random.once_in(16) {
            self.put(&PROPERTIES);
            self.out.push(' ');
        }
        match self.random.number(0..if depth == 0 { 8 } else { 16 }) {
            0..3 => self.plain(indent),
            3 => self.quoted(),
            4 => self.block_scalar(indent),
            5 => self.put(&["*a", "*b", "*c", "*d", "", "*x"]),
            6 | 7 => self.flow(2),
            8..12 => self.mapping(indent, depth - 1),
            _ => self.sequence(indent, depth - 1),
        }
    }

    fn plain(&mut self, indent: usize) {
        if self.random.once_in(8) {
            for _ in 0..self.random.number(1..7) {
                self.put(&DIGITS);
            }
        } else if self.random.once_in(2) {
            self.put(&["a", "b", "1", "x y", "é", "true", "~", "--lr"]);
        } else {
            self.put(&PLAIN);
        }
        while self.random.once_in(6) {
            self.put(&["\n", " \n", "\n\n", " ", "\r\n", "\n \n"]);
            let deeper = self.random.number(0..3);
            self.indent(indent + deeper);
            let simple = self.random.once_in(2);
            self.put(if simple { &["a", "b c", "é", "- x"] } else { &PLAIN });
        }
    }

    fn quoted(&mut self) {
        let quote = self.random.pick(&["'", "\""]);
        self.out.push_str(quote);
        for _ in 0..self.random.number(0..5) {
            self.put(&IN_QUOTES);
        }
        self.out.push_str(quote);
    }

    fn block_scalar(&mut self, indent: usize) {
        self.put(&["|", ">"]);
        self.put(&HEADERS);
        let deeper = self.random.number(0..3);
        for _ in 0..self.random.number(0..5) {
            self.out.push('\n');
            self.indent(indent + deeper);
            self.put(&LINES);
        }
    }

    /// Goes on to a line that is indented so; mostly.
    fn line(&mut self, indent: usize) {
        if self.random.once_in(8) {
            self.put(&[" # c", " ", "#c", "\n", "\n  # c", "\t"]);
        }
        self.out.push('\n');
        let indent = match self.random.number(0..40) {
            0 => indent + 1,
            1 => indent.saturating_sub(1),
            _ => indent,
        };
        self.indent(indent);
    }

    fn mapping(&mut self, indent: usize, depth: usize) {
        let indent = self.start(indent);
        for count in 0..self.random.number(1..4) {
            if count > 0 {
                self.line(indent);
            }
            let explicit = self.random.once_in(10);
            if explicit {
                self.out.push_str("? ");
                self.node(indent + 2, depth.min(1));
                self.line(indent);
            } else {
                self.key(indent);
            }
            if !explicit || !self.random.once_in(4) {
                self.put(&[":", ": ", ": ", ": "]);
                self.value(indent, depth);
            }
        }
    }

    fn key(&mut self, indent: usize) {
        match self.random.number(0..24) {
            0 => self.quoted(),
            1 => self.plain(indent),
            2 => self.put(&["*a ", "&a k", "!!str k", "&a", "[a]", "{}", "!!int 1", "&b 'k' "]),
            3 | 4 => self.put(&["<<", "<<", "=", "! '<<'"]),
            _ => self.put(&["a", "b", "k", "key with blanks", "'q'", "1", "é"]),
        }
    }

    fn value(&mut self, indent: usize, depth: usize) {
        if self.random.once_in(2) {
            self.line(indent);
            let deeper = self.random.pick(&["", "  ", "  ", " "]);
            self.out.push_str(deeper);
            self.node(indent + deeper.len(), depth);
        } else {
            self.node(indent + 1, depth);
        }
    }

    fn sequence(&mut self, indent: usize, depth: usize) {
        let indent = self.start(indent);
        for count in 0..self.random.number(1..4) {
            if count > 0 {
                self.line(indent);
            }
            self.put(&["- ", "- ", "-   ", "-\n"]);
            if self.out.ends_with('\n') {
                self.indent(indent + 2);
            }
            self.node(indent + 2, depth);
        }
    }

    /// Mostly a new line, unless one starts here.
    fn start(&mut self, indent: usize) -> usize {
        let at_start = self.out.trim_end_matches(' ').ends_with(['\n', '-']) || self.out.is_empty();
        if !at_start && !self.random.once_in(8) {
            self.line(indent);
        }
        indent
    }

    fn flow(&mut self, depth: usize) {
        let list = self.random.once_in(2);
        self.out.push(if list { '[' } else { '{' });
        for _ in 0..self.random.number(0..4) {
            self.put(&["", "", " ", "\n", "\n  ", " # c\n"]);
            if self.random.once_in(12) {
                self.put(&["? ", "?", "&a ", "&b ", "!!str ", "!!int "]);
            }
            self.flow_node(depth);
            if self.random.once_in(if list { 6 } else { 2 }) {
                self.put(&[": ", ": ", ":", " : ", "\n: "]);
                self.flow_node(depth);
            }
            self.put(&[",", ", ", ", ", " ,", "\n,", " "]);
        }
        if self.random.once_in(2) && self.out.ends_with(", ") {
            self.out.truncate(self.out.len() - 2);
        }
        self.out.push(if list { ']' } else { '}' });
    }

    fn flow_node(&mut self, depth: usize) {
        match self.random.number(0..8) {
            0 => self.quoted(),
            1 => self.put(&["*a", "*b", "", "*c "]),
            2 | 3 if depth > 0 => self.flow(depth - 1),
            4 => self.plain(1),
            _ => self.put(&["a", "b", "1", "x y", "'q'", "\"q\"", "--lr", "<<", "k"]),
        }
    }
}

/// The text with a character or a line taken away, put in, moved or doubled.
fn broken(text: &str, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = random.number(0..characters.len() + 1);
    let splinter: Vec<char> = random.pick(&SPLINTERS).chars().collect();
    match random.number(0..8) {
        0 if at < characters.len() => {
            characters.remove(at);
        }
        1 if at < characters.len() => characters.insert(at, characters[at]),
        2 if at < characters.len() => {
            characters.splice(at..=at, splinter);
        }
        3 => characters.truncate(at),
        4 | 5 => {
            let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
            let (from, to) = (random.number(0..lines.len()), random.number(0..lines.len()));
            match random.number(0..5) {
                0 => {
                    lines.remove(from);
                }
                1 => lines.swap(from, to),
                2 => lines.insert(to, lines[from].clone()),
                3 => lines[from].insert_str(0, random.pick(&[" ", "  ", "\t"])),
                _ => {
                    if lines[from].starts_with(' ') {
                        lines[from].remove(0);
                    }
                }
            }
            return lines.join("\n");
        }
        _ => {
            characters.splice(at..at, splinter);
        }
    }
    characters.into_iter().collect()
}
