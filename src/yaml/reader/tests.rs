use crate::yaml::{Node, parse};

#[test]
fn nodes_stand_where_they_are_written() {
    for (text, span, place) in [
        ("k: a b # c\n", "a b", (1, 4)),
        ("k: 'it''s'# c\n", "'it''s'", (1, 4)),
        ("k: \"a\\\"b\" # \"\n", "\"a\\\"b\"", (1, 4)),
        ("k: a\n  b\n", "a\n  b", (1, 4)),
        ("k: &a !!str 'x'  # y\n", "&a !!str 'x'", (1, 4)),
        ("k: &a\n  !!str\n  x\n", "&a\n  !!str\n  x", (1, 4)),
        ("k: &a # c\n", "&a", (1, 4)),
        ("é: {é: ü, k: [é, x]}\n", "{é: ü, k: [é, x]}", (1, 4)),
        ("k:\n- a\n-  b # c\n", "- a\n-  b", (2, 1)),
        ("k:\n  a: 1\n  b: 'x' # c\n", "a: 1\n  b: 'x'", (2, 3)),
        ("k:\n  ? a\n  ? b\n", "? a\n  ? b", (2, 3)),
        ("k: |\n  a\n\n  b\n", "|\n  a\n\n  b\n", (1, 4)),
        ("k: [\n  'a',\n]\n", "[\n  'a',\n]", (1, 4)),
        ("k:\n", "", (1, 3)),
        ("k: [a: b]\n", "[a: b]", (1, 4)),
        ("\u{feff}k: a\r\n", "a", (1, 4)),
        ("# c\rk:\u{85}\u{2028} a", "a", (4, 2)),
    ] {
        let root = parse(text, "f").unwrap_or_else(|error| panic!("{error}: {text:?}"));
        let value = &root.entries().unwrap()[0].1;
        assert_eq!(&text[value.span.clone()], span, "{text:?}");
        assert_eq!((value.line, value.column), place, "{text:?}");
    }
}

#[test]
fn flow_collections_may_end_anywhere() {
    for text in [
        "a:\n  é: [\n    'x', # c\n  ]\n  z: 1\n",
        "a:\n  é: [\n    \"x\"\n]\n  z: 1\n",
        "a:\n  é: [\n  'x',\n  ]\n  z: 1\n",
        "a:\n  é: [\n x,\n{k: 'é',\n}, 'y']\n  z: 1\n",
        "a:\n  é:\n  - {\n    k: ['x'\n  ],\n    l: \"é\"\n  }\n  z: 1\n",
    ] {
        let root = parse(text, "f").unwrap_or_else(|error| panic!("{error}: {text}"));
        let z = root.path(&["a", "z"]).unwrap();
        assert_eq!((&text[z.span.clone()], z.column), ("1", 6));
    }
    let root = parse("a:\n  b: [\n  'x', é,\n  'y']\n", "f").unwrap();
    let items = root.path(&["a", "b"]).unwrap().items().unwrap();
    let columns: Vec<_> = items.iter().map(|item| (item.line, item.column)).collect();
    assert_eq!(columns, [(3, 3), (3, 8), (4, 3)]);
}

#[test]
fn merge_keys_are_pyyamls() {
    let text = "base: &b {x: 1, y: 2}\nother: &o {x: 3, z: 4}\none: {<<: *b, y: 5}\n\
                two: {<<: [*b, *o]}\nquoted: {'<<': 1}\n";
    let root = parse(text, "f").unwrap();
    let shown = |key: &str| {
        let entries = root.get(key).unwrap().entries().unwrap().iter();
        let pairs = entries.map(|(k, v)| format!("{}={}", k.text().unwrap(), v.text().unwrap()));
        pairs.collect::<Vec<_>>().join(" ")
    };
    assert_eq!((shown("one"), shown("two")), ("x=1 y=5".into(), "x=1 z=4 y=2".into()));
    assert_eq!(shown("quoted"), "<<=1");
}

/// What people get wrong, what they are told, and where.
#[test]
fn refusals_name_the_place_and_the_reason() {
    for (text, expected) in [
        ("a:\n\tb: 1", "2:1: a tab cannot stand here: use spaces"),
        ("a: 'b\nc: d\n", "1:4: this quote is not closed"),
        ("a: [b,\nc: d\n", "1:4: this `[` is not closed"),
        ("a: {b: 1\n", "1:4: this `{` is not closed"),
        ("é: b: c", "1:5: `: ` stands inside a value: put that in quotes"),
        ("a: *x", "1:4: `*x` names no anchor in front of it"),
        ("a: &x [*x]", "1:8: `*x` stands inside what it names"),
        ("a: &x 1\nb: &x 2", "2:4: the anchor `&x` is there twice"),
        ("a: &x &y 1", "1:7: a node has at most one anchor and one tag"),
        ("a: &é 1", "1:5: a name has letters from A to Z, digits, `-` and `_`"),
        ("a: &x\n  *y", "2:3: `*y` names no anchor in front of it"),
        ("a: !foo b", "1:4: `!foo` is no tag of YAML 1.1's"),
        ("a: !!set {b}", "1:4: `!!set` is a tag that is not read here"),
        ("a: !x!foo b", "1:4: no `%TAG` defines the handle `!x!`"),
        ("a: !!int b", "1:4: this is not of the type that its tag names"),
        ("a: !!str, b", "1:4: `!!str,` is no tag of YAML 1.1's"),
        ("a: @b", "1:4: no text starts so: put it in quotes"),
        ("a: %b", "1:4: no text starts so: put it in quotes"),
        ("a: b]\nc\n", "2:1: a `: ` is missing behind this key"),
        ("- a\nb: c\n", "2:1: this belongs to nothing in front of it; is its indentation right?"),
        (
            "a:\n    b: 1\n  c: 2",
            "3:3: this belongs to nothing in front of it; is its indentation right?",
        ),
        ("a: ]", "1:4: this ends nothing that is open here"),
        ("a: - b", "1:4: a list cannot start here: put it on a line of its own"),
        ("a: \"\\d\"", "1:5: no such escape: a backslash in double quotes is `\\\\`"),
        ("a: \"\\x4\"", "1:5: `\\x` takes two hexadecimal digits"),
        ("a: \"\\ud83d\"", "1:5: this is half of a character, a surrogate: `\\U` takes the whole"),
        ("a: \"\\U00110000\"", "1:5: there is no such character"),
        (
            "a: |x\n b",
            "1:5: behind `|` and `>` follow `+` or `-`, an indentation from 1 to 9, and the text on the next line",
        ),
        ("a: | b\n", "1:6: only a comment may follow in this line"),
        ("a: =", "1:4: this is no value in YAML 1.1: put it in quotes"),
        ("[a]: b", "1:1: a list cannot be a key"),
        ("? {}\n: b", "1:3: a mapping cannot be a key"),
        ("a: {<<: 1}", "1:5: `<<` merges a mapping, or a list of mappings"),
        ("a: b\u{7}", "1:5: the character U+0007 cannot stand here: escape it, in double quotes"),
        ("%YAML 2.0\n---\na", "1:1: only `%YAML 1.1` is read, once"),
        ("%YAML 1.1\na", "2:1: a document starts with a line `---`"),
        ("a: 'b\n---\n'", "2:1: a document cannot end inside of quotes"),
    ] {
        let error = parse(text, "f").unwrap_err();
        assert_eq!(error.message, format!("f:{expected}"), "{text:?}");
    }
    let long = format!("{}: v", "k".repeat(1025));
    let error = parse(&long, "f").unwrap_err();
    assert_eq!(error.message, "f:1:1: a key stands in one line, of at most 1,024 characters");
}

#[test]
fn no_text_takes_long() {
    let parts = [
        "[",
        "{",
        "- ",
        "? ",
        "a: ",
        "- a\n",
        "'x',\n",
        " ",
        "\n",
        "'",
        "\"",
        "*a ",
        "&a ",
        "!a ",
        "!",
        "é",
        "é, ",
        "a b\n",
        "#\n",
        "|\n",
        "- |\n ",
        "- 'é\n ' \n",
        "%a\n",
        "---\n",
        "a\n\n",
        "\\",
        "\u{2028}",
        "{a: ",
        "[a, ",
        "- &a\n",
        "- !!str\n",
        "<<: ",
        "\t",
        "- [[a]]\n",
        "- k: é\n",
    ];
    for part in parts {
        for (start, repeat) in
            [("", 1 << 20), ("[é, ", 1 << 20), ("\"", 1 << 20), ("- |\n ", 1 << 18)]
        {
            let text = start.to_owned() + &part.repeat(repeat / part.len());
            let start = std::time::Instant::now();
            let _ = parse(&text, "f").is_ok();
            let took = start.elapsed();
            assert!(took.as_secs() < 5, "{part:?}: {took:?}");
        }
    }
}

/// Aliases nest what is nested already, and anchors keep it.
#[test]
fn aliases_and_anchors_are_bounded() {
    let (open, close) = ("[".repeat(60), "]".repeat(60));
    let deep = format!("- &a0 {open}{close}\n- &a1 {open}*a0{close}\n");
    assert!(parse(&deep, "f").unwrap_err().message.contains("nested deeper than 100 levels"));
    let anchors: String =
        (0..90).map(|level| " ".repeat(level) + "- &a" + &level.to_string() + "\n").collect();
    let kept = anchors + &(" ".repeat(90) + "- x\n").repeat(50_000);
    assert!(parse(&kept, "f").unwrap_err().message.contains("over 1048576 nodes"));
    let nodes = |text: &str| parse(text, "f").map(|root| root.items().map_or(0, <[Node]>::len));
    assert_eq!(nodes(&"- x\n".repeat(100_000)), Ok(100_000));
}
