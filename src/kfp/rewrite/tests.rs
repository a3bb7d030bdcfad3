use super::*;

const PORTS: &str = "\
name: T
inputs:
- {name: Number of passes, type: Integer}
- {name: s, type: String}
- {name: l, type: List}
- {name: d, type: Dict}
- {name: data, type: Dataset}
- {name: x}
outputs:
- {name: model, type: Model}
- {name: acc, type: Float}
";

/// A component with this container below its image; `container` is indented by four.
fn component(container: &str) -> String {
    format!("{PORTS}implementation:\n  container:\n    image: i\n{container}")
}

/// The container after rewriting, and the notes, each as `line: message` with lines from its top.
fn rewritten(container: &str) -> (String, Vec<String>) {
    let text = component(container);
    let top = component("");
    let result = rewrite(&text, "f").unwrap_or_else(|error| panic!("{error}: {container}"));
    let again = rewrite(&result.text, "f").unwrap();
    assert_eq!(again.text, result.text, "not idempotent");
    let lines = top.lines().count();
    let notes = result.notes.iter().map(|note| format!("{}: {}", note.line - lines, note.message));
    (result.text.strip_prefix(&top).unwrap().to_owned(), notes.collect())
}

#[test]
fn every_row_of_the_table_in_both_styles() {
    let passes = "{{$.inputs.parameters['number_of_passes']}}";
    for (flow, override_) in [
        ("--n, {inputValue: Number of passes}", format!("n={passes}")),
        ("--n, 'inputValue': Number of passes", format!("n={passes}")),
        ("--a.b-c, {inputValue: Number of passes}", format!("a.b-c={passes}")),
        ("--data, {inputPath: data}", "data={{$.inputs.artifacts['data'].path}}".to_owned()),
        ("--data, {inputUri: data}", "data={{$.inputs.artifacts['data'].uri}}".to_owned()),
        ("--m, {outputPath: model}", "m={{$.outputs.artifacts['model'].path}}".to_owned()),
        ("--m, {outputUri: model}", "m={{$.outputs.artifacts['model'].uri}}".to_owned()),
        ("--acc, {outputPath: acc}", "acc={{$.outputs.parameters['acc'].output_file}}".to_owned()),
        ("--m, {concat: [{outputPath: model}, /m.pt]}", {
            "m={{$.outputs.artifacts['model'].path}}/m.pt".to_owned()
        }),
        ("{concat: [--m=, {outputPath: model}]}", {
            "m={{$.outputs.artifacts['model'].path}}".to_owned()
        }),
        ("\"--n={{$.inputs.parameters['number_of_passes']}}\"", format!("n={passes}")),
        ("--epochs, \"10\"", "epochs=10".to_owned()),
        ("--lr=-1e-05", "lr=-1e-05".to_owned()),
        ("--lr, -1e-05", "lr=-1e-05".to_owned()),
        ("--id, '2024_11_23'", "id='2024_11_23'".to_owned()),
        ("--e=", "e=''".to_owned()),
        ("--e, ''", "e=''".to_owned()),
        ("--b, 'True'", "b=true".to_owned()),
        ("--l, '[1, \"a,b\"]'", "l=[1,'a,b']".to_owned()),
        ("--u, gs://b/x", "u=gs://b/x".to_owned()),
        ("--verbose", "verbose=true".to_owned()),
        ("--version, {inputValue: Number of passes}", format!("version={passes}")),
    ] {
        let (text, notes) = rewritten(&format!("    args: [{flow}, --z]\n"));
        assert_eq!(text, format!("    args: [\"{override_}\", \"z=true\"]\n"), "{flow}");
        assert!(notes.is_empty(), "{flow}: {notes:?}");
        let block = flow.replacen(", ", "\n    - ", usize::from(!flow.starts_with('{')));
        let (text, notes) = rewritten(&format!("    args:\n    - {block} # c\n    - --z\n"));
        assert_eq!(text, format!("    args:\n    - {override_} # c\n    - z=true\n"), "{block}");
        assert!(notes.is_empty(), "{block}: {notes:?}");
    }
}

#[test]
fn the_layout_stays() {
    for (before, after) in [
        // Flow, over several lines, with comments everywhere.
        (
            "    args: [  # a\n      --n,  # b\n      # c\n      {inputValue: Number of passes}, # d\n      \
             # e\n      --data, {inputPath: data} # f\n    ]\n",
            "    args: [  # a\n      \"n={{$.inputs.parameters['number_of_passes']}}\",  # b\n      # c\n      # d\n      \
             # e\n      \"data={{$.inputs.artifacts['data'].path}}\" # f\n    ]\n",
        ),
        (
            "    args: [--data, # é\n      {inputPath: data}, --z, # f\n    ]",
            "    args: [\"data={{$.inputs.artifacts['data'].path}}\", # é\n      \"z=true\", # f\n    ]",
        ),
        // Commas in front.
        (
            "    args: [ --data # a\n    , {inputPath: data} # b\n    , --z ]\n",
            "    args: [ \"data={{$.inputs.artifacts['data'].path}}\" # a\n    , # b\n     \"z=true\" ]\n",
        ),
        ("    args: [--e,\n      '1',\n      ]\n", "    args: [\"e=1\",\n      ]\n"),
        // Block, with comments.
        (
            "    args:\n    # a\n    - --data # b\n\n    # c\n    - {inputPath: data}   # d\n    # e\n    - \
             --m\n    -   outputPath: model # f",
            "    args:\n    # a\n    - data={{$.inputs.artifacts['data'].path}} # b\n\n    # c\n    # d\n    # e\n    - \
             m={{$.outputs.artifacts['model'].path}} # f",
        ),
        (
            "    args:\n      - --data # b\n      - inputPath: data\n      - --z\n",
            "    args:\n      - data={{$.inputs.artifacts['data'].path}} # b\n      - z=true\n",
        ),
        // CRLF, and no line end at the end.
        (
            "    command: [python3, main.py]\r\n    args:\r\n    - --e # x\r\n    - '1'\r\n    - --l\r\n    - 'a: b'",
            "    command: [python3, main.py]\r\n    args:\r\n    - e=1 # x\r\n    - \"l='a: b'\"",
        ),
        // In `command`, after a shell.
        (
            "    command:\n    - sh\n    - -exc\n    - |\n      pip install -q x && \"$0\" \"$@\"\n    - python3\n    - \
             -u\n    - main.py\n    - --data\n    - {inputPath: data}\n",
            "    command:\n    - sh\n    - -exc\n    - |\n      pip install -q x && \"$0\" \"$@\"\n    - python3\n    - \
             -u\n    - main.py\n    - data={{$.inputs.artifacts['data'].path}}\n",
        ),
        // In an `if`.
        (
            "    args:\n    - if:\n        cond: {isPresent: data}\n        then:\n          - --data # a\n          - \
             inputPath: data\n        else: --nodata\n    - if: {cond: {isPresent: s}, then: [--e, '1']}\n",
            "    args:\n    - if:\n        cond: {isPresent: data}\n        then:\n          - \
             data={{$.inputs.artifacts['data'].path}} # a\n        else: \"nodata=true\"\n    - if: {cond: {isPresent: \
             s}, then: [\"e=1\"]}\n",
        ),
        // Hydra's already.
        (
            "    args: ['s={{$.inputs.parameters[\"s\"]}}', +a=1, ~b, --multirun, --cfg, job, --config-name=x, \
             --info, all, -cn, x]\n",
            "",
        ),
        ("    args: []\n", ""),
        ("    command: [torchrun, --nproc_per_node, '2', train.py]\n", ""),
        ("", ""),
    ] {
        let (text, notes) = rewritten(before);
        assert_eq!(text, if after.is_empty() { before } else { after });
        assert!(notes.is_empty(), "{before}: {notes:?}");
    }
}

#[test]
fn what_cannot_be_carried_is_said() {
    for (args, after, note) in [
        ("--s, {inputValue: s}", "s={{$.inputs.parameters['s']}}", "--s: Hydra parses the value"),
        ("--l, {inputValue: l}", "l={{$.inputs.parameters['l']}}", "--l: Hydra parses the JSON"),
        (
            "--d, {inputValue: d}",
            "d={{$.inputs.parameters['d']}}",
            "--d: Hydra cannot read the JSON",
        ),
        ("--j, '{{$.pipeline_job_name}}'", "j={{$.pipeline_job_name}}", "--j: Hydra parses"),
        ("--y, \"{{$.inputs.parameters['y']}}\"", "y={{$.inputs.parameters['y']}}", "no input `y`"),
        ("--e, '${x}'", r"e='\\${x}'", "instantiate"),
    ] {
        let (text, notes) = rewritten(&format!("    args: [{args}]\n"));
        assert_eq!(
            text,
            format!(
                "    args: [{}]\n",
                scalar::scalar(&after.replace(r"\\", r"\"), scalar::Style::Flow)
            )
        );
        assert_eq!(notes.len(), 1, "{args}: {notes:?}");
        assert!(notes[0].contains(note), "{args}: {notes:?}");
    }
}

#[test]
fn what_has_no_hydra_style_is_left() {
    for (args, note) in [
        ("--a, {inputPath: data}, {inputPath: data}", "2: --a: left: it has 2 values"),
        ("--a, b, c", "2: --a: left: `c` after it is neither its value"),
        ("--a, {inputPath: data}, c", "2: --a: left: `c` after it is neither its value"),
        ("---a, b", "2: ---a: left: `-a` is not a key"),
        ("--1, b", "2: --1: left: `1` is not a key"),
        ("--ä=1", "2: --ä: left: `ä` is not a key"),
        ("-x", "2: -x: left: a short option"),
        ("--a, b=c", "2: --a: left: what follows, `b=c`, may be its value or an override"),
        ("'gs://b', --z=", "`gs://b`: left"),
        ("{inputValue: s}", "2: `{{$.inputs.parameters['s']}}`: left"),
        ("--a, '???'", "2: --a: left: its value is `???`"),
        ("--a, '{\"a\": 1}'", "2: --a: left: a dict"),
        ("--a, {executorInput: null}", "2: --a: left: its value is JSON"),
        ("--a, {inputPath: s}", "2: --a: left: KFP has a path or URI only for an artifact"),
        ("--a, {inputValue: x}", "2: --a: left: KFP has a value only for a parameter"),
        ("--a, {concat: ['a,', {inputPath: data}]}", "2: --a: left: Hydra would parse the text"),
        ("--a, {if: {cond: {isPresent: s}, then: b}}", "2: --a: left: it is in front of an `if`"),
        ("--a, {concat: [a, {if: {cond: {isPresent: s}, then: b}}]}", "its value holds an `if`"),
        (
            "{if: {cond: {isPresent: s}, then: [--a]}}, b",
            "2: --a: left: its value may be inside an `if` or after it",
        ),
        ("--a, !!str b", "2: --a: left: its elements"),
        ("--a, &a {inputPath: data}", "2: --a: left: its elements"),
        ("--config-name, {inputValue: s}", "2: --config-name: left: it is one of Hydra's own"),
        ("a=1, --, --a, b", "2: --: left"),
        ("a=1, --multirun, b=1", "2: --multirun: Hydra takes no override after it"),
    ] {
        let container =
            |args: &str| format!("    command: [python3, main.py]\n    args: [{args}]\n");
        let (text, notes) = rewritten(&container(args));
        assert_eq!(text, container(&args.replace("--z=", "\"z=''\"")), "{args}");
        assert!(notes.iter().any(|said| said.contains(note)), "{args}: {notes:?}");
    }
}

#[test]
fn two_lists_and_what_is_shared_stay() {
    for (container, note) in [
        (
            "    command: [python3, main.py, --data]\n    args: [{inputPath: data}]\n",
            "1: --data: left: its elements",
        ),
        ("    args: &a [--data, {inputPath: data}]\n", "1: --data: left"),
        ("    args:\n    - --data # a\n    - # b\n      inputPath: data\n", "2: --data: left"),
        ("    args:\n    - --data\n    - inputPath: # b\n        data\n", "2: --data: left"),
        ("    args:\n    - |-\n      --data\n    - {inputPath: data}\n", ": --data: left"),
        (
            "    command: [python3, -c, x]\n    args: [--e, '1']\n",
            "1: nothing is rewritten: cannot tell",
        ),
        (
            "    command: [sh, -c, 'python3 main.py --e $0', '1']\n",
            "does not pass its arguments on",
        ),
        (
            "    command: [sh, -ec, 'python3 -m kfp.dsl.executor_main \"$@\"', x]\n    args: [--e, '1']\n",
            "lightweight",
        ),
    ] {
        let (text, notes) = rewritten(container);
        assert_eq!(text, container);
        assert!(notes.iter().any(|said| said.contains(note)), "{container}: {notes:?}");
    }
    // A block scalar whose text looks like quotes stays, and nothing else has to.
    let (text, _) = rewritten("    args:\n    - --e\n    - |\n      'a'\n    - --f\n    - b\n");
    assert_eq!(text, "    args:\n    - --e\n    - |\n      'a'\n    - f=b\n");
    // An anchor on the way to the arguments: they would change in two places.
    let shared =
        format!("{PORTS}a: &a [--e, '1']\nimplementation: {{container: {{image: i, args: *a}}}}\n");
    assert_eq!(rewrite(&shared, "f").unwrap().text, shared);
    let shared =
        format!("{PORTS}a: &a {{image: i, args: [--e, '1']}}\nimplementation: {{container: *a}}\n");
    assert_eq!(rewrite(&shared, "f").unwrap().text, shared);
    let shared = format!(
        "{PORTS}x: &a [--e, '1']\nimplementation: &i {{container: {{image: i, args: [--e, '1']}}}}\ny: *i\n"
    );
    assert!(rewrite(&shared, "f").unwrap_err().message.contains("other parts"));
}

#[test]
fn a_script_that_counts_is_told() {
    let (_, notes) = rewritten(
        "    command:\n    - sh\n    - -c\n    - |\n      mkdir -p \"$(dirname \"$3\")\" $4 $5 $1\n      \"$0\" \"$@\"\n    \
         - python3\n    - main.py\n    - --m\n    - {outputPath: model}\n    - --verbose\n    - if: {cond: \
         {isPresent: s}, then: [--e, '1']}\n    - --data\n    - {inputPath: data}\n",
    );
    let used = |number: usize, what: &str| format!("the shell's script uses `${number}`, {what}");
    let notes: Vec<&str> = notes.iter().map(|note| note.split_once(": ").unwrap().1).collect();
    assert_eq!(
        notes,
        [
            used(3, "whose value is now `${2#*=}`"),
            used(4, "which is now `${3}`"),
            used(5, "which is now `${4}`")
        ]
    );
    let (_, notes) = rewritten("    command: [bash, run.sh]\n    args: [--e, '1']\n");
    assert!(notes[0].contains("`run.sh`: where there were two"), "{notes:?}");
}

#[test]
fn json_stays_json() {
    let text = r#"{"inputs": [{"name": "s", "type": "Integer"}], "implementation": {"container": {
      "image": "i", "args": ["--s", {"inputValue": "s"}, "--q", "a\"b",
        {"if": {"cond": {"isPresent": "s"}, "then": ["--z", {"concat": ["1", "2"]}]}}]}}}"#;
    let new = rewrite(text, "f").unwrap().text;
    assert_eq!(
        new,
        text.replace(r#""--s", {"inputValue": "s"}"#, r#""s={{$.inputs.parameters['s']}}""#)
            .replace(r#""--q", "a\"b""#, r#""q='a\"b'""#)
            .replace(r#""--z", {"concat": ["1", "2"]}"#, r#""z=12""#)
    );
    serde_json::from_str::<serde_json::Value>(&new).unwrap();
}

#[test]
fn compiled_pipelines_and_other_files_are_refused() {
    for (text, message) in [
        ("{\"pipelineSpec\": {}}", "compiled pipeline"),
        ("components: {}\ndeploymentSpec: {}\nroot: {}\n", "compiled pipeline"),
        ("a: 1\n", "not a component"),
        ("", "this is null, not a component"),
        ("name: x\nimplementation: {container: {image: i, args: [{inputValue: y}]}}", "no input"),
    ] {
        let error = rewrite(text, "f").unwrap_err();
        assert!(error.message.contains(message), "{text:?}: {}", error.message);
        assert!(error.help.is_some() || text.is_empty(), "{text:?}");
    }
}
